/** People are asked for together, once, and again after an absence. */
import { beforeEach, expect, test } from "vitest";
import { People } from "../src/sync/people.ts";
import type { AccountId, Person } from "../src/wire/types.ts";
import { Time } from "./time.ts";

let time: Time;
let people: People;
let asked: (readonly AccountId[])[];
let fails: boolean;
let display: string;

function person(id: AccountId): Person {
  return { id, name: `p${id}`, display: `${display} ${id}`, role: "member" };
}

beforeEach(() => {
  time = new Time();
  asked = [];
  fails = false;
  display = "Person";
  people = new People({
    fetch: async ({ ids = [] }) => {
      asked.push(ids);
      if (fails) throw new Error("unreachable");
      return ids.filter((id) => id < 1_000).map(person);
    },
    later: (run, ms) => void time.timer(run, ms),
    changed: () => {},
  });
});

test("those who are unknown are asked for in one question", async () => {
  people.want([1, 2]);
  people.want([2, 3]);
  await time.pass(100);
  expect(asked).toEqual([[1, 2, 3]]);
  expect(people.all.get(3)?.name).toBe("p3");
});

test("nobody is asked for twice, not even those who do not exist", async () => {
  people.want([1, 2_000]);
  await time.pass(100);
  people.want([1, 2_000]);
  await time.pass(20_000);
  expect(asked).toEqual([[1, 2_000]]);
});

test("who could not be fetched is asked for again", async () => {
  fails = true;
  people.want([1]);
  await time.pass(100);
  fails = false;
  await time.pass(20_000);
  people.want([1]);
  await time.pass(100);
  expect(people.all.get(1)?.name).toBe("p1");
});

test("many are asked for in several questions", async () => {
  people.want(Array.from({ length: 450 }, (_, i) => i + 1));
  await time.pass(200);
  expect(asked.map((ids) => ids.length)).toEqual([200, 200, 50]);
});

test("after an absence the known are asked about again", async () => {
  people.want([1]);
  await time.pass(100);
  display = "Renamed";
  await people.refresh();
  expect(people.all.get(1)?.display).toBe("Renamed 1");
});

test("what is the same does not become another object", async () => {
  people.learn([person(1)]);
  const before = people.all;
  people.learn([person(1)]);
  expect(people.all).toBe(before);
});
