// Package register keeps what a controller must be able to show: to whom personal data were disclosed and on what ground, who consented to what, who processes for it, where data
// go, what was breached, and who was told of which policy when. Each controller has its own: the tenant that is entered, and in its own tenant the platform.
//
//	registers, err := register.New(db, register.Options{Jurisdiction: country})
//
// Nobody's data go out but on one of the policy's grounds, and each time it is on record:
//
//	_, err = registers.Disclose(ctx, []register.NewDisclosure{{Reference: "D-1", PersonID: ada.ID, RecipientID: carrier.ID,
//		Ground: register.ServiceProvider, ProcessorID: contract.ID, What: "name and address, for delivery"}})
//
// What rests on consent asks for it, and stops when it is taken back:
//
//	err = registers.RequireConsent(ctx, "crm.newsletters", ada.ID)
//
// A material change of the policy takes effect 30 full days after the last tenant was told, and not before:
//
//	_, err = registers.TakeEffect(ctx, "policy-3-in-force", version.ID)
//
// A breach's 72 hours begin when somebody became aware; who was affected, the audit trail tells:
//
//	trace, err := registers.Trace(ctx, register.TraceQuery{From: began, To: ended, Actor: "user:mallory"})
//
// README.md in this folder says of each register what it holds, what it refuses, and by which law.
package register
