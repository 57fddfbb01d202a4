"""slixmpp as people's clients use it, against a server of its own."""

import asyncio
import signal
import ssl
import sys
import time
import unittest
import uuid
from xml.etree import ElementTree as ET

import slixmpp
from slixmpp.exceptions import IqError
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import StanzaPath

from server import DOMAIN, PASSWORD, ROOM, Server

PLUGINS = ["xep_0030", "xep_0045", "xep_0054", "xep_0066", "xep_0085", "xep_0092", "xep_0184", "xep_0191", "xep_0198",
           "xep_0199", "xep_0202", "xep_0280", "xep_0308", "xep_0313", "xep_0333", "xep_0359", "xep_0402",
           "xep_0424", "xep_0444", "xep_0461"]
UPLOAD = "urn:xmpp:http:upload:0"
PATIENCE = 10


class Client(slixmpp.ClientXMPP):
    def __init__(self, name, resource, mechanism=None, password=PASSWORD):
        super().__init__(f"{name}@{DOMAIN}/{resource}", password, sasl_mech=mechanism)
        for plugin in PLUGINS:
            self.register_plugin(plugin)
        mechanisms = self.plugin["feature_mechanisms"]
        mechanisms.unencrypted_plain = mechanisms.unencrypted_scram = True
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE
        self.heard, self.failed = [], False
        # Not every message is an event of slixmpp's: carbons and reactions have events of their own.
        self.register_handler(Callback("every message", StanzaPath("message"), self.heard.append))
        self.add_event_handler("failed_all_auth", lambda _: setattr(self, "failed", True))
        self.add_event_handler("failed_auth", lambda _: setattr(self, "failed", True))

    async def enter(self, server, how="tcp"):
        self.enable_direct_tls = how == "tls"
        self.enable_starttls = how == "starttls"
        self.enable_plaintext = how == "tcp"
        port = server.tls if how == "tls" else server.tcp
        self.connect("127.0.0.1", port)
        await asyncio.wait_for(self.wait_until("session_start"), PATIENCE)
        self.send_presence()
        return self

    async def join(self, room=ROOM, history=0):
        nick = self.boundjid.local
        return await self.plugin["xep_0045"].join_muc_wait(room, nick, maxstanzas=history)

    async def hears(self, wanted, what=""):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = [m for m in self.heard if wanted(m)]
            if found:
                return found[0]
            await asyncio.sleep(0.02)
        raise AssertionError(f"{self.boundjid} never heard {what}; but {[str(m) for m in self.heard]}")

    def bodies(self, room=ROOM):
        return [m["body"] for m in self.heard if m["from"].bare == room and m["body"]]


def body(text):
    return lambda m: m["body"] == text


class Slixmpp(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    async def two(self):
        one = await Client("member", uuid.uuid4().hex[:8]).enter(self.server)
        two = await Client("other", uuid.uuid4().hex[:8]).enter(self.server)
        await one.join()
        await two.join()
        return one, two

    async def test_every_door_and_mechanism_lets_a_client_in(self):
        for how in ("tcp", "starttls", "tls"):
            for mechanism in ("PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"):
                client = Client("member", f"{how}-{mechanism}", mechanism)
                await client.enter(self.server, how)
                self.assertEqual(client.boundjid.bare, f"member@{DOMAIN}")
                await client.disconnect()

    async def test_a_wrong_password_is_refused(self):
        client = Client("member", "x", "PLAIN", "wrong password")
        client.connect("127.0.0.1", self.server.tcp)
        deadline = time.monotonic() + PATIENCE
        while not client.failed and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        self.assertTrue(client.failed)
        client.abort()

    async def test_colleagues_rooms_and_the_server_are_found(self):
        client = await Client("member", "disco").enter(self.server)
        await client.get_roster()
        self.assertIn(f"other@{DOMAIN}", client.client_roster.keys())
        info = await client.plugin["xep_0030"].get_info(DOMAIN)
        self.assertIn("urn:xmpp:mam:2", info["disco_info"]["features"])
        items = await client.plugin["xep_0030"].get_items(f"rooms.{DOMAIN}")
        self.assertIn(ROOM, [jid for jid, _, _ in items["disco_items"]["items"]])
        info = await client.plugin["xep_0030"].get_info(ROOM)
        self.assertIn("muc_persistent", info["disco_info"]["features"])
        version = await client.plugin["xep_0092"].get_version(DOMAIN)
        self.assertEqual(version["software_version"]["name"], "Leeward")
        self.assertLess(await client.plugin["xep_0199"].ping(DOMAIN), 5)
        await client.plugin["xep_0202"].get_entity_time(DOMAIN)
        card = await client.plugin["xep_0054"].get_vcard(f"other@{DOMAIN}")
        self.assertEqual(card["vcard_temp"]["FN"], "other")
        await client.disconnect()

    async def test_what_is_said_in_one_protocol_is_heard_in_the_other(self):
        one, two = await self.two()
        room = self.server.lobby()
        text = f"from xmpp {uuid.uuid4()} <&> \u00fc"
        one.send_message(ROOM, text, mtype="groupchat")
        await two.hears(body(text), text)
        await one.hears(body(text), "its own")
        said = [line for line in self.server.lines(room) if line.get("text") == text]
        self.assertEqual(len(said), 1)
        text = f"from the web {uuid.uuid4()}"
        self.server.say("owner", room, text, str(uuid.uuid4()))
        heard = await two.hears(body(text), text)
        self.assertEqual(heard["from"].resource, "owner")
        for client in (one, two):
            await client.disconnect()

    async def test_edits_reactions_and_retractions_reach_both(self):
        one, two = await self.two()
        room = self.server.lobby()
        text = f"a first text {uuid.uuid4()}"
        one.send_message(ROOM, text, mtype="groupchat")
        heard = await two.hears(body(text), text)
        original = await one.hears(body(text), text)
        edit = one.make_message(ROOM, text + " mended", mtype="groupchat")
        edit["replace"]["id"] = original["id"]
        edit.send()
        mended = await two.hears(body(text + " mended"), "the edit")
        self.assertEqual(mended["replace"]["id"], original["id"])
        place = heard["stanza_id"]["id"]
        message = two.make_message(ROOM, mtype="groupchat")
        two.plugin["xep_0444"].set_reactions(message, place, ["\U0001f389"])
        message.send()
        await one.hears(lambda m: m["reactions"].get_values() == {"\U0001f389"}, "the reaction")
        line = next(l for l in self.server.lines(room) if l.get("text") == text + " mended")
        self.assertEqual([r["emoji"] for r in line["reactions"]], ["\U0001f389"])
        retract = one.make_message(ROOM, "taken back", mtype="groupchat")
        retract["retract"]["id"] = place
        retract.send()
        await two.hears(lambda m: m["retract"]["id"] == place and m["id"], "the retraction")
        self.assertFalse(any(l.get("text") == text + " mended" for l in self.server.lines(room)))
        for client in (one, two):
            await client.disconnect()

    async def test_a_direct_word_reaches_every_client_of_both(self):
        one = await Client("member", "phone").enter(self.server)
        desk = await Client("member", "desk").enter(self.server)
        await desk.plugin["xep_0280"].enable()
        two = await Client("other", "phone").enter(self.server)
        text = f"just for you {uuid.uuid4()}"
        one.send_message(f"other@{DOMAIN}", text, mtype="chat")
        heard = await two.hears(body(text), text)
        self.assertEqual(heard["from"].bare, f"member@{DOMAIN}")
        carbon = "{urn:xmpp:carbons:2}sent"
        await desk.hears(
            lambda m: m.xml.find(carbon) is not None and m["carbon_sent"]["body"] == text, "the carbon")
        for client in (one, desk):
            await client.hears(lambda m: m["receipt"] == heard["id"], "that it has come")
        back = f"and back {uuid.uuid4()}"
        two.send_message(f"member@{DOMAIN}", back, mtype="chat")
        for client in (one, desk):
            await client.hears(body(back), back)
        pages = one.plugin["xep_0313"].iterate(with_jid=slixmpp.JID(f"other@{DOMAIN}"), rsm={"max": 50})
        found = [m["mam_result"]["forwarded"]["stanza"]["body"] async for m in pages]
        self.assertEqual(found[-2:], [text, back])
        for client in (one, two, desk):
            await client.disconnect()

    async def test_whom_one_has_blocked_is_not_heard(self):
        one = await Client("member", "quiet").enter(self.server)
        two = await Client("other", "loud").enter(self.server)
        blocking, loud = one.plugin["xep_0191"], slixmpp.JID(f"other@{DOMAIN}")
        await blocking.block([loud])
        listed = await blocking.get_blocked()
        self.assertEqual([item["jid"] for item in listed["blocklist"]["items"]], [loud])
        unheard, heard = f"unheard {uuid.uuid4()}", f"heard {uuid.uuid4()}"
        two.send_message(f"member@{DOMAIN}", unheard, mtype="chat")
        one.send_message(loud, "never said", mtype="chat")
        await one.hears(lambda m: m["type"] == "error" and m["error"]["condition"] == "not-acceptable", "no")
        await blocking.unblock([loud])
        two.send_message(f"member@{DOMAIN}", heard, mtype="chat")
        await one.hears(body(heard), heard)
        self.assertFalse([m for m in one.heard if m["body"] == unheard])
        for client in (one, two):
            await client.disconnect()

    async def test_a_file_is_uploaded_and_is_an_attachment_in_the_web(self):
        one, two = await self.two()
        content = f"soup at half past twelve {uuid.uuid4()}".encode()
        ask = one.make_iq_get(ito=f"files.{DOMAIN}")
        ask.append(ET.Element(f"{{{UPLOAD}}}request", {
            "filename": "menu.txt", "size": str(len(content)), "content-type": "text/plain"}))
        slot = (await ask.send()).xml
        put, get = (slot.find(f".//{{{UPLOAD}}}{what}").get("url") for what in ("put", "get"))
        self.assertEqual(await asyncio.to_thread(self.server.fetch, "PUT", put, content), b"")
        message = one.make_message(ROOM, get, mtype="groupchat")
        message["oob"]["url"] = get
        message.send()
        heard = await two.hears(lambda m: m["oob"]["url"], "the file")
        self.assertEqual(await asyncio.to_thread(self.server.fetch, "GET", heard["oob"]["url"]), content)
        files = [f for line in self.server.lines(self.server.lobby()) for f in line.get("files", [])]
        self.assertEqual((files[-1]["name"], files[-1]["size"]), ("menu.txt", len(content)))
        for client in (one, two):
            await client.disconnect()

    async def test_the_archive_of_a_room_is_read_in_pages(self):
        one, two = await self.two()
        texts = [f"page {n} {uuid.uuid4()}" for n in range(7)]
        for text in texts:
            one.send_message(ROOM, text, mtype="groupchat")
        await two.hears(body(texts[-1]), "the last")
        mam = two.plugin["xep_0313"]
        pages = mam.iterate(slixmpp.JID(ROOM), reverse=True, rsm={"max": 3}, total=7)
        seen = [m["mam_result"]["forwarded"]["stanza"]["body"] async for m in pages]
        self.assertEqual(sorted(seen), sorted(texts))
        for client in (one, two):
            await client.disconnect()

    async def test_a_cut_connection_is_taken_up_and_nothing_is_lost_or_doubled(self):
        one, two = await self.two()
        before = f"before {uuid.uuid4()}"
        two.send_message(ROOM, before, mtype="groupchat")
        await one.hears(body(before), before)
        resumed = asyncio.ensure_future(one.wait_until("session_resumed", PATIENCE))
        one.transport.abort()
        missed = [f"missed {n} {uuid.uuid4()}" for n in range(5)]
        for text in missed:
            two.send_message(ROOM, text, mtype="groupchat")
        await asyncio.sleep(0.3)
        one.connect("127.0.0.1", self.server.tcp)
        await resumed
        await one.hears(body(missed[-1]), "what it missed")
        live = f"live {uuid.uuid4()}"
        two.send_message(ROOM, live, mtype="groupchat")
        await one.hears(body(live), live)
        self.assertEqual([b for b in one.bodies() if b in [before, live] + missed], [before] + missed + [live])
        for client in (one, two):
            await client.disconnect()

    async def test_a_killed_server_loses_and_doubles_nothing(self):
        for how in (signal.SIGKILL, signal.SIGTERM):
            one, two = await self.two()
            text = f"kept {how} {uuid.uuid4()}"
            message = one.make_message(ROOM, text, mtype="groupchat")
            message["id"] = str(uuid.uuid4())
            message.send()
            await two.hears(body(text), text)
            for client in (one, two):
                client.abort()
            self.server.stop(how)
            self.server.start()
            one, two = await self.two()
            # A client that got no answer says it again under the same name.
            again = one.make_message(ROOM, text, mtype="groupchat")
            again["id"] = message["id"]
            again.send()
            after = f"after {how} {uuid.uuid4()}"
            one.send_message(ROOM, after, mtype="groupchat")
            await two.hears(body(after), after)
            pages = two.plugin["xep_0313"].iterate(slixmpp.JID(ROOM), reverse=True, rsm={"max": 50})
            bodies = [m["mam_result"]["forwarded"]["stanza"]["body"] async for m in pages]
            self.assertEqual(bodies.count(text), 1, bodies)
            for client in (one, two):
                await client.disconnect()

    async def test_a_session_is_taken_up_by_the_next_process(self):
        one, two = await self.two()
        text = f"before the stop {uuid.uuid4()}"
        two.send_message(ROOM, text, mtype="groupchat")
        await one.hears(body(text), text)
        two.abort()
        lost = asyncio.ensure_future(one.wait_until("disconnected", 2 * PATIENCE))
        stop = asyncio.to_thread(self.server.stop, signal.SIGTERM)
        await asyncio.gather(lost, stop)
        await asyncio.to_thread(self.server.start)
        resumed = asyncio.ensure_future(one.wait_until("session_resumed", PATIENCE))
        one.connect("127.0.0.1", self.server.tcp)
        await resumed
        text = f"after the start {uuid.uuid4()}"
        self.server.say("owner", self.server.lobby(), text, str(uuid.uuid4()))
        await one.hears(body(text), text)
        self.assertEqual(one.bodies().count(text), 1)
        await one.disconnect()

    async def test_a_private_room_does_not_exist_for_others(self):
        name = f"secret-{uuid.uuid4().hex[:8]}"
        self.server.api("POST", "/rooms", "owner", {"kind": "private", "name": name})
        client = await Client("member", "outside").enter(self.server)
        errors = []
        for room in (name, f"nothing-{name}"):
            with self.assertRaises(IqError) as caught:
                await client.plugin["xep_0030"].get_info(f"{room}@rooms.{DOMAIN}")
            errors.append(caught.exception.condition)
        self.assertEqual(errors, ["item-not-found"] * 2)
        await client.disconnect()


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=2)
    outcome = program.result
    bad = len(outcome.failures) + len(outcome.errors)
    print(f"# pass {outcome.testsRun - bad}\n# fail {bad}")
    sys.exit(1 if bad else 0)
