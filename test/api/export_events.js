// export_events.js - events put into the event store directly, as if they had arrived at a given time.
"use strict";
const { engine } = require("./server.js");

// `count` events; `arrived` and `text` are SQL over `number`. Their uuids are made of their numbers.
async function put_events(data, team, { count, arrived, text = "toString(number)", from = 0 }) {
  const sql = `INSERT INTO events (inserted_at, team_id, uuid, event, distinct_id, person_id, timestamp, created_at, person_created_at, properties, person_properties, props, person_props)
    SELECT ${arrived}, ${team}, toUUID(concat('00000000-0000-7000-8000-', leftPad(toString(number), 12, '0'))), concat('e', toString(number % 7)), concat('p', toString(number % 100)),
    toUUID('0190a0a0-0000-7000-8000-000000000001'), toDateTime64('2026-02-01 00:00:00', 6, 'UTC') + number, now64(6), now64(3),
    concat('{"n":', toString(number), ',"text":"', ${text}, '"}'), '{}', '{}', '{}' FROM numbers(${from}, ${count})`;
  const got = await engine(data, { input_format_binary_read_json_as_string: 1 }, { body: sql });
  if (got.status !== 200) throw new Error(got.text);
}

module.exports = { put_events };
