package jwstest

import (
	"errors"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

// Fault is where the one fault of a forgery lies, so that a test can tell
// whether it was refused for that and not for another.
type Fault uint8

const (
	// InText is in the compact form.
	InText Fault = iota + 1
	// InHeader and InClaims are in what nobody should read.
	InHeader
	InClaims
	// InTimes is in the time of a claim.
	InTimes
	// InRequired is in a claim that the verifier demands.
	InRequired
	// InAlgorithm is in a header that names another algorithm than the key's.
	InAlgorithm
	// InSignature is in the signature.
	InSignature
)

// words are what the errors of jws say of a text that nobody should read.
var words = map[string][]Fault{
	"it is longer than 16 KiB":                              {InText},
	"it holds a character outside base64url":                {InText},
	"it has not three parts":                                {InText},
	"a part is empty":                                       {InText},
	"a part is not the one base64url encoding of its bytes": {InText},
	"the header is not one strict JSON object":              {InHeader},
	"the header names no algorithm that we know":            {InHeader},
	"the header's typ is not a string":                      {InHeader},
	"the header's kid is not a string":                      {InHeader},
	"the header holds a member that is never accepted":      {InHeader},
	"a name is spelt almost like a registered one":          {InHeader, InClaims},
	"the claims are not one strict JSON object":             {InClaims},
	`member "iat": a date in seconds is wanted`:             {InTimes},
	`member "nbf": a date in seconds is wanted`:             {InTimes},
	`member "exp": a date in seconds is wanted`:             {InTimes},
}

// Blamed says whether an error that is, or wraps, one of package jws is about
// the fault.
func (f Fault) Blamed(err error) bool {
	switch {
	case errors.Is(err, jws.ErrAlgorithm):
		return f == InAlgorithm
	case errors.Is(err, jws.ErrSignature):
		return f == InSignature
	case errors.Is(err, jws.ErrMalformed):
		_, why, _ := strings.Cut(err.Error(), jws.ErrMalformed.Error()+": ")
		return slices.Contains(words[why], f)
	default:
		return f == InRequired
	}
}
