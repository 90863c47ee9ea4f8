// Speaks to the sandbox through jsforce and prints what came back as JSON, for the Python test to judge.
// Usage: node driver.js <instance url> <access token>

const { createRequire } = require("node:module");
const jsforce = createRequire(process.env.JSFORCE_HOME + "/")("jsforce");

async function failure(work) {
  try {
    await work();
    return null;
  } catch (error) {
    return error.errorCode || error.name;
  }
}

async function main() {
  const [instanceUrl, accessToken] = process.argv.slice(2);
  const org = new jsforce.Connection({ instanceUrl, accessToken, version: "66.0" });
  const out = {};

  const account = await org.sobject("Account").create({ Name: "Acme", Website: "https://acme.example" });
  const contact = await org.sobject("Contact").create({ LastName: "Doe", Email: "doe@acme.example", AccountId: account.id });
  out.created = account.success && contact.success;
  await org.sobject("Contact").update({ Id: contact.id, Title: "Boss" });
  out.title = (await org.sobject("Contact").retrieve(contact.id)).Title;

  const times = { StartDateTime: "2026-11-24T10:00:00Z", DurationInMinutes: 30 };
  const first = await org.sobject("Event").upsert({ InboxSync_Key__c: "ev:1", Subject: "a", ...times }, "InboxSync_Key__c");
  const second = await org.sobject("Event").upsert({ InboxSync_Key__c: "ev:1", Subject: "b" }, "InboxSync_Key__c");
  out.upsert = [first.created, second.created];

  const rows = await org.sobject("Lead").create([{ LastName: "a", Company: "x" }, { LastName: "b" }]);
  out.collection = rows.map((row) => (row.success ? "ok" : row.errors[0].statusCode));
  const many = Array.from({ length: 7 }, (_, number) => ({ LastName: "n" + number, Company: "y" }));
  out.many = (await org.sobject("Lead").create(many)).filter((row) => row.success).length;

  out.nested = (await org.query("SELECT Name, Account.Name FROM Contact")).records[0].Account.Name;
  out.count = (await org.query("SELECT COUNT() FROM Lead")).totalSize;
  const seen = [];
  await org.query("SELECT LastName FROM Lead ORDER BY LastName").on("record", (one) => seen.push(one.LastName)).run({ autoFetch: true });
  out.paged = seen;
  out.found = (await org.sobject("Contact").find({ Email: "DOE@acme.example" }, ["Id"])).length;

  const described = await org.sobject("Event").describe();
  out.described = described.fields.find((field) => field.name === "Subject").length;
  out.objects = (await org.describeGlobal()).sobjects.length;
  out.identity = (await org.request("/services/oauth2/userinfo")).preferred_username;

  out.badField = await failure(() => org.query("SELECT Nothing FROM Lead"));
  out.badType = await failure(() => org.query("SELECT Id FROM Nothing"));
  out.missing = await failure(() => org.sobject("Lead").create({ LastName: "x" }));
  await org.sobject("Contact").destroy(contact.id);
  out.gone = await failure(() => org.sobject("Contact").retrieve(contact.id));
  const deleted = await org.sobject("Contact").deleted(new Date(Date.now() - 3600e3), new Date(Date.now() + 3600e3));
  out.deleted = deleted.deletedRecords.length;

  const ceo = await org.sobject("Contact").create({ LastName: "Boss", Title: "CEO" });
  const view = (await org.sobject("Contact").listviews()).listviews[0];
  const told = await org.sobject("Contact").listview(view.id).describe();
  out.view = [view.label, told.sobjectType, told.id === view.id];
  out.viewed = (await org.query(told.query)).records.map((row) => row.Id === ceo.id);

  const series = await org.sobject("Event").create({
    Subject: "Series", IsRecurrence: true, RecurrenceType: "RecursDaily", RecurrenceInterval: 1,
    RecurrenceStartDateTime: "2026-11-24T10:00:00Z", RecurrenceEndDateOnly: "2026-11-26", ...times,
  });
  const of = { RecurrenceActivityId: series.id, IsRecurrence: false };
  out.occurrences = (await org.sobject("Event").find(of, ["Id"])).length;
  await org.sobject("Event").destroy(series.id);
  out.ended = (await org.sobject("Event").find(of, ["Id"])).length;
  process.stdout.write(JSON.stringify(out));
}

main().catch((error) => {
  process.stderr.write(String(error.stack || error));
  process.exit(1);
});
