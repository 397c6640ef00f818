// Package request answers people who ask what is held of them, and to have it corrected, restricted, taken out or erased: by when, and what was done.
//
// A request is received by whatever channel, and two clocks run from then on: the law's, by dated rules of the jurisdiction ([Rules]), and that of the published policy, 30
// days, which nothing stops. [Service.Due] lists what is overdue or about to be. What is done to a request is an act with a reference of its own, a step in its
// history, and stands in one table of states ([Transitions]). No request is deleted, and none is closed without an answer, a refusal with reasons and
// remedies, or the person's own withdrawal.
//
// The acts themselves are privacy's and tenancy's: a deletion is an erasure under the request's reference, a restriction has every service refuse new processing. What
// this room adds is who asked, by when, who has to be told, and the proof.
package request
