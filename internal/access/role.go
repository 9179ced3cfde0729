// Package access decides who may do what to whose things.
//
// It is pure: who somebody is, which roles they were given and whose a thing
// is are facts that others establish.
package access

import (
	"fmt"
	"slices"
	"strings"
)

// Role is what somebody is trusted with.
type Role string

const (
	// Operator may do everything, to everybody's things.
	Operator Role = "operator"
	// ProgrammerAdmin looks after one programmer, with all its channels.
	ProgrammerAdmin Role = "programmer_admin"
	// ChannelAdmin looks after one channel.
	ChannelAdmin Role = "channel_admin"
	// ReadOnly sees what the others of the same place see, and changes nothing.
	ReadOnly Role = "read_only"
)

// Roles lists every role, the widest first.
var Roles = []Role{Operator, ProgrammerAdmin, ChannelAdmin, ReadOnly}

// Grant is one role in one place: everywhere, at a programmer, or at one
// channel of it. The zero Grant is worth nothing.
type Grant struct {
	Role       Role
	Programmer string
	Channel    string
}

// places says how many names make the place of a role.
var places = map[Role]struct {
	from, to int
	want     string
}{
	Operator:        {0, 0, "none"},
	ProgrammerAdmin: {1, 1, "a programmer"},
	ChannelAdmin:    {2, 2, "a programmer and a channel"},
	ReadOnly:        {0, 2, "none, a programmer, or a programmer and a channel"},
}

// NewGrant checks that the place fits the role: none for an operator, a
// programmer for its admin, a programmer and a channel for a channel's, and
// any of these for somebody who only reads.
func NewGrant(role Role, place ...string) (Grant, error) {
	fits, known := places[role]
	switch {
	case !known:
		return Grant{}, fmt.Errorf("role: got %q, want one of %s", role, names())
	case len(place) < fits.from || len(place) > fits.to:
		return Grant{}, fmt.Errorf("%s: got %d names, want %s", role, len(place), fits.want)
	case slices.Contains(place, ""):
		return Grant{}, fmt.Errorf("%s: got an empty name", role)
	}
	place = append(place, "", "")
	return Grant{Role: role, Programmer: place[0], Channel: place[1]}, nil
}

// fits says whether the place is one for the role: a channel's admin without a
// channel must not become a programmer's.
func (g Grant) fits() bool {
	fits, known := places[g.Role]
	n := 0
	if g.Programmer != "" {
		n++
	}
	if g.Channel != "" {
		n++
	}
	return known && n >= fits.from && n <= fits.to && (g.Channel == "" || g.Programmer != "")
}

func names() string {
	texts := make([]string, len(Roles))
	for i, role := range Roles {
		texts[i] = string(role)
	}
	return strings.Join(texts, ", ")
}

// covers says whether the thing lies in the grant's place.
func (g Grant) covers(r Resource) bool {
	switch {
	case !g.fits():
		return false
	case r.Common || g.Programmer == "":
		return true
	case g.Channel == "":
		return g.Programmer == r.Programmer
	default:
		return g.Programmer == r.Programmer && g.Channel == r.Channel
	}
}

// may says whether the role, at its place, includes the operation.
func (g Grant) may(op Operation) bool {
	rule, known := rules[op]
	switch {
	case !known || !g.fits() || g.Role == ReadOnly && !rule.reads:
		return false
	case g.Programmer == "":
		return true
	case g.Channel == "":
		return rule.programmer
	default:
		return rule.channel
	}
}

// String writes a grant as people do: the role and its place.
func (g Grant) String() string {
	return strings.TrimRight(strings.Join([]string{string(g.Role), g.Programmer, g.Channel}, " "), " ")
}
