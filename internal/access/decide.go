package access

import "slices"

// Resource is whose a thing is. What has neither programmer nor channel is the
// operator's: what concerns everybody.
type Resource struct {
	// Programmer is the one that it belongs to.
	Programmer string
	// Channel is set for what belongs to one channel alone: an application of
	// several channels, or of programmer level, is the programmer's.
	Channel string
	// Common things are there for everybody who has a role, such as the
	// catalogue of scopes.
	Common bool
}

// Verdict is how a question of access is answered.
type Verdict uint8

const (
	// Hidden is the zero value: as far as the actor may know, the thing does
	// not exist. Saying "forbidden" would tell that it does.
	Hidden Verdict = iota
	// Forbidden is said to an actor who may see the thing, or who may do this
	// to nothing at all, so that it tells nothing.
	Forbidden
	// Allowed is the only verdict with which to go on.
	Allowed
)

// Decision is the answer, with the role that it was given for.
type Decision struct {
	Verdict Verdict
	// Role is the one by which it was allowed, for the record.
	Role Role
}

// Decide says whether the actor may do it to the thing.
func Decide(a *Actor, op Operation, r Resource) Decision {
	best := Decision{Verdict: Hidden}
	for _, g := range a.Grants {
		switch {
		case !g.covers(r):
		case !g.may(op):
			best.Verdict = max(best.Verdict, Forbidden)
		case best.Verdict < Allowed || rank(g.Role) < rank(best.Role):
			best = Decision{Allowed, g.Role}
		}
	}
	return best
}

// Ever says whether there is anything to which the actor may do it. Who may
// not is told so before the thing is looked for: looking first would make
// "forbidden" mean that it is there.
func Ever(a *Actor, op Operation) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return g.may(op) })
}

// IsOperator says whether the actor is trusted with everything. What is open
// to abuse across programmers is left to those: ids of their own choice,
// scopes that are nobody's alone, proxy MVPDs.
func (a *Actor) IsOperator() bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return g.Role == Operator && g.covers(Resource{}) })
}

func rank(role Role) int { return slices.Index(Roles, role) }
