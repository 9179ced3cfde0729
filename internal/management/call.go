package management

import (
	"github.com/caddy-dcr/caddy-dcr/internal/access"
)

// Call is somebody who asks for something to be changed, and on what terms.
type Call struct {
	access.Actor
	// Key makes what is asked for twice happen once: creating something with
	// the key of an earlier call of the same actor answers what that one made.
	// It is remembered for a day. Only creations look at it.
	Key string
	// IfVersion is the version that the thing must have; empty is any.
	IfVersion string
}

// begin refuses, before anything is looked for, an actor who may never do it.
func begin(who access.Actor, op access.Operation) error {
	if err := checkText("by", who.Name); err != nil {
		return err
	}
	if !access.Ever(&who, op) {
		return forbidden(op)
	}
	return nil
}

// sees says whether the actor is shown the thing in a list.
func sees(who access.Actor, op access.Operation, r access.Resource) bool {
	return access.Decide(&who, op, r).Verdict == access.Allowed
}

// show is the rule of every single thing that is shown: what the actor may not
// see is answered as what there is not.
func show(who access.Actor, op access.Operation, r access.Resource, notThere error) error {
	switch access.Decide(&who, op, r).Verdict {
	case access.Allowed:
		return nil
	case access.Forbidden:
		return forbidden(op)
	default:
		return notThere
	}
}

func forbidden(op access.Operation) error {
	return &Error{
		Code: Forbidden, Message: "your role does not include " + string(op),
		Hint: "ask an operator, or somebody whose role does",
	}
}
