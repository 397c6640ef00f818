// Package privacy takes a tenant's data out, brings them in elsewhere, and makes a person unknown.
//
//	data := privacy.New(db, privacy.Options{})
//
// A tenant asks for everything that is held of it, and can tell by one hash whether two copies are the same:
//
//	manifest, err := data.Export(ctx, file)
//	fmt.Println(manifest.Root)
//
// Each model is in it twice, as JSON Lines and as CSV, with the documents that registered renderers make of it beside. Into a file an export goes on where it broke off:
//
//	done, err := data.ExportFile(ctx, file)
//	fmt.Println(done.Kept)
//
// The platform makes a tenant out of it, on this engine or the other; nobody enters before every record was read back and
// gave the same hash:
//
//	moved, manifest, err := data.Import(platform, tenancy.NewTenant{Name: "The Shop", Reference: "MOVE-7"}, file, size)
//
// A customer asks what is held of them, and is given that and nothing of anybody else, with what the law wants said beside it:
//
//	manifest, err := data.ExportSubject(ctx, file, privacy.SubjectCopy{PersonID: ada.ID}, privacy.WithPassphrase(word))
//
// Then they ask to be forgotten. Issued documents stand, with a pseudonym on them or, while the law asks for it, the name; the report
// says of each column what was done, or by which rule it waits and until when. A background job finishes it:
//
//	found, err := data.Find(ctx, privacy.Query{Email: "ada@example.org"})
//	plan, err := data.PreviewErasure(ctx, found.Persons[0].ID)
//	report, err := data.Erase(ctx, privacy.Erasure{PersonID: found.Persons[0].ID, Reference: "REQUEST-12", Reason: "GDPR Art. 17(1)(b)"})
//	more, err := data.FinishErasures(ctx)
//
// A tenant leaves. For 30 full days its owner can still take the data out, or come back; then no row of it is left:
//
//	db.Tenants().Cancel(platform, shop.ID, "contract ended")
//	data.Export(owner, file)
//	db.Tenants().Purge(platform, shop.ID, "30 days are over")
//
// What is held of whom, for what, for how long and where it goes is a map made of the models, and the records of processing that the law asks for are made of that:
//
//	m, err := data.DataMap(ctx)
//	record, err := data.ProcessingRecord(ctx)
//
// What a policy promises of how a program is run is looked at, or vouched for until a day:
//
//	posture, err := data.Posture(ctx)
//	fmt.Println(posture.Check())
//
// All of it goes by the registry ([tenancy.Registry]): a model's Spec and its columns' privacy tags. README.md in this folder
// states the archive's form, what always holds, and what an erasure does not find.
package privacy
