-- Prosody with no module that the work does not need, which favours it. Nothing limits rates; it keeps
-- SQLite, passwords are stored plain, accounts made in band, rooms stay. @names@ are filled in.
run_as_root = true
data_path = "@dir@/data"
pidfile = "@dir@/pid"
plugin_paths = { }
network_backend = "epoll"
network_settings = { tcp_backlog = 4096 }
c2s_interfaces = { "127.0.0.1" }
c2s_ports = { @port@ }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
allow_registration = true
authentication = "internal_plain"
storage = "sql"
sql = { driver = "SQLite3", database = "@dir@/prosody.sqlite" }
log = { warn = "@dir@/log" }
modules_enabled = {
    "disco"; "roster"; "saslauth"; "carbons"; "smacks"; "ping"; "register"; "posix";
}
modules_disabled = { "s2s"; "limits"; "tls" }
VirtualHost "localhost"
Component "rooms.localhost" "muc"
    muc_room_locking = false
    muc_room_default_persistent = true
    muc_room_default_public = true
    muc_room_default_history_length = 20
    max_history_messages = 20
