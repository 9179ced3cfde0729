package jws

import "errors"

// Budget bounds the signatures that are verified for one caller and turn out to
// be forged. Whatever others could verify costs as much as proxying a request;
// a MAC costs less than asking, so it is not budgeted.
type Budget interface {
	// Spent says that no signature is to be verified that may be forged.
	Spent() bool
	// Charge is told of one that was.
	Charge()
}

// ErrBudget says that nobody has looked at the signature.
var ErrBudget = errors.New("too many forged signatures came from there: this one was not looked at")
