package request

import "slices"

// State is where a request stands.
type State string

// The states. The first two are open: somebody waits for an answer. The others are final.
const (
	Open      State = "open"
	Waiting   State = "waiting"   // for the person: to show who they are, what they mean, or to pay a fee
	Answered  State = "answered"  // the answer went out
	Refused   State = "refused"   // with reasons and remedies
	Withdrawn State = "withdrawn" // by the person
)

// States lists them.
func States() []State { return []State{Open, Waiting, Answered, Refused, Withdrawn} }

// Verb is what is done to a request.
type Verb string

// The acts on a request, as its steps name them.
const (
	Receive     Verb = "receive"
	Acknowledge Verb = "acknowledge"
	Assign      Verb = "assign"
	Identify    Verb = "identify"
	Pause       Verb = "pause"
	Resume      Verb = "resume"
	Extend      Verb = "extend"
	Deliver     Verb = "deliver"
	Correct     Verb = "correct"
	Erase       Verb = "erase"
	Restrict    Verb = "restrict"
	Object      Verb = "object"
	Decide      Verb = "decide"
	Announce    Verb = "announce" // that a restriction will be lifted
	Lift        Verb = "lift"
	Forward     Verb = "forward"
	Forwarded   Verb = "forwarded" // the other controller has it
	Recall      Verb = "recall"    // it will not go there
	Answer      Verb = "answer"
	Refuse      Verb = "refuse"
	Withdraw    Verb = "withdraw"
)

// Transition says which state follows a state by an act.
type Transition struct {
	From State
	By   Verb
	To   State
}

// Transitions are the legal ones. What does not stand here is refused with request.wrong_state, and the database refuses the pairs of states as well. While it is waited for
// the person nothing is given away or changed; a restriction can be lifted, and an objection decided, after the answer.
func Transitions() []Transition {
	t := []Transition{
		{Open, Pause, Waiting}, {Waiting, Resume, Open},
		{Open, Answer, Answered},
		{Open, Refuse, Refused}, {Waiting, Refuse, Refused},
		{Open, Withdraw, Withdrawn}, {Waiting, Withdraw, Withdrawn},
	}
	for _, by := range []Verb{Extend, Deliver, Correct, Erase, Restrict, Object, Decide, Announce, Lift} {
		t = append(t, Transition{Open, by, Open})
	}
	for _, by := range []Verb{Acknowledge, Assign, Identify, Forward, Forwarded, Recall} {
		t = append(t, Transition{Open, by, Open}, Transition{Waiting, by, Waiting})
	}
	for _, over := range []State{Answered, Refused, Withdrawn} {
		for _, by := range []Verb{Announce, Lift, Forwarded} {
			t = append(t, Transition{over, by, over})
		}
	}
	return append(t, Transition{Answered, Decide, Answered})
}

// transitions are those of [Transitions], made once.
var transitions = Transitions()

// next is the state that follows by an act, or a refusal.
func (r *Request) next(op string, by Verb) (State, error) {
	i := slices.IndexFunc(transitions, func(t Transition) bool { return t.From == r.State && t.By == by })
	if i < 0 {
		return "", ErrWrongState.New(op, "%s: the request %q is %s", by, r.Reference, r.State)
	}
	return transitions[i].To, nil
}

// Over reports whether the state is final.
func (s State) Over() bool { return s != Open && s != Waiting }
