// Package tenancytest gives tests real databases with real walls, on both engines, for erp's own tests and for a host's.
//
//	func TestMain(m *testing.M) { os.Exit(tenancytest.Main(m)) }
//
//	func TestPost(t *testing.T) {
//		tenancytest.Each(t, tenancytest.Options{Modules: []tenancy.Module{accounting.Module()}},
//			func(t *testing.T, env *tenancytest.Env) {
//				ctx := env.Tenant(t) // a fresh tenant, entered with all permissions
//				...
//			})
//	}
//
// There is one database per engine and set of modules in a test process, and a fresh tenant per test: that is how a
// product runs, and it makes every test a test of isolation. A missing PostgreSQL fails with one clear line; nothing is
// skipped.
//
// # Attacks
//
// [TwoTenants] drives every registered model through every verb as the wrong tenant. [Attack] makes named assaults on the walls
// ([Assaults]), each first on a store without any, where it must do harm. A host runs both over its own modules:
//
//	func TestAttacks(t *testing.T) {
//		tenancytest.Attack(t, tenancytest.Options{Modules: append(erp.Modules(), repairs), Surface: surface})
//	}
//
// surface says what the program has above the store: archives, the audit trail, HTTP ([Surface]); what it leaves out is not attacked. A
// program that is up already is attacked over HTTP alone, before two tenants of its own:
//
//	tenancytest.AttackWeb(t, tenancytest.Web{Handler: handler, Read: "/v1/orders", Header: "X-Tenant",
//		Intruder: tenancytest.Caller{Tenant: a, Credential: keyOfA, Secret: "an order of A's"},
//		Victim:   tenancytest.Caller{Tenant: b, Credential: keyOfB, Secret: "an order of B's"}})
//
// An assault is made twice in the same way, and what counts is measured alike: everything that the intruder was given, error texts
// included, is searched for what stands in the victim's rows alone, and the victim's rows are compared before and after. Those that the
// code must stop are made once more on a PostgreSQL database whose policies were turned off behind the program's back.
package tenancytest
