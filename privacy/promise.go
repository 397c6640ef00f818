package privacy

import "slices"

// PromiseID names a promise of the privacy policy that is not kept by what the program does with data, but by how and by whom it is run.
type PromiseID string

// The promises. The list is closed: [Promises] says what each is.
const (
	PromiseHosting     PromiseID = "hosting"
	PromiseBackups     PromiseID = "backups"
	PromiseRotation    PromiseID = "backup_rotation"
	PromiseDatabaseTLS PromiseID = "tls_database"
	PromiseListenerTLS PromiseID = "tls_listener"
	PromiseAtRest      PromiseID = "encryption_at_rest"
	PromiseStaffMFA    PromiseID = "staff_mfa"
	PromiseProduction  PromiseID = "production_mfa"
	PromiseAssessments PromiseID = "assessments"
	PromiseDevelopment PromiseID = "secure_development"
	PromiseIncidents   PromiseID = "incident_response"
	PromiseTraining    PromiseID = "training"
	PromisePlatform    PromiseID = "platform_tenant"
)

// Promise is what the policy promises and [Service.Posture] asks after.
type Promise struct {
	ID PromiseID `json:"id"`
	// Text is the promise.
	Text string `json:"text"`
	// Sentences are the ids of the policy's sentences in docs/policy.md.
	Sentences []string `json:"sentences"`
	// Attested says that an act of the operator can stand for it. What is left is looked at alone.
	Attested bool `json:"attested"`
	// Evidence is what an attestation should point to.
	Evidence string `json:"evidence,omitempty"`
}

var promises = []Promise{
	{PromiseHosting, "The service runs on secure cloud infrastructure.", []string{"5.1-1"}, true, "the provider's certificate, such as ISO/IEC 27001 or SOC 2, and what of it is in use"},
	{PromiseBackups, "Backups are made regularly and are encrypted.", []string{"5.1-2"}, true, "the schedule, and the log of the last restore drill"},
	{PromiseRotation, "What was deleted is out of all backups after 90 days.", []string{"7.3-1"}, true, "the backup store's rule of expiry"},
	{PromiseDatabaseTLS, "What goes to the database goes by TLS 1.2 or higher.", []string{"5.2-1"}, false, ""},
	{PromiseListenerTLS, "What goes to and from users goes by TLS 1.2 or higher.", []string{"5.2-1"}, true, "the configuration of what ends TLS before the program, and a scan of it"},
	{PromiseAtRest, "Data at rest are encrypted with AES-256.", []string{"5.2-2"}, true, "how the disks of databases and files are encrypted, and who has the key"},
	{PromiseStaffMFA, "The platform's staff enter the program with more than one factor.", []string{"5.3-1"}, true, "the identity provider's rule for staff"},
	{PromiseProduction, "Servers, databases and consoles of production are reached by authorised people with more than one factor.", []string{"5.3-1"}, true,
		"the list of those who have access, and the rule that asks for the second factor"},
	{PromiseAssessments, "Security is assessed and vulnerabilities are scanned for, regularly.", []string{"5.4-2"}, true, "the last report, and what was done about it"},
	{PromiseDevelopment, "Software is developed securely.", []string{"5.4-3"}, true, "the written practice, and a review against it"},
	{PromiseIncidents, "There are procedures for incidents.", []string{"5.4-4"}, true, "the procedure, and the record of its last exercise"},
	{PromiseTraining, "Employees are trained in security.", []string{"5.4-5"}, true, "the attendance list of the last training"},
	{PromisePlatform, "The platform accounts for what it deletes, and has registers of its own: it has a tenant of its own.", []string{"7.2-2"}, false, ""},
}

// Promises lists them, in the policy's order.
func Promises() []Promise { return slices.Clone(promises) }

// promiseOf finds a promise; nil when there is none of the id.
func promiseOf(id PromiseID) *Promise {
	for i := range promises {
		if promises[i].ID == id {
			return &promises[i]
		}
	}
	return nil
}
