package endpoint

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// maxValues is how many {name} segments a pattern may have, so that a match
// fits into a fixed array.
const maxValues = 8

// Table finds the route of a request. It never changes, so that any number of
// requests may use it at once.
type Table struct {
	api      plugins.API
	prefixes []netip.Prefix
	routes   []*route
	root     node
}

// route is a route of the contract with what was worked out beforehand.
type route struct {
	plugins.Route
	index     int
	segments  []segment
	values    []string // the names of its path values, in order
	rivals    []rival
	merged    []plugins.Location
	needsForm bool
}

// node is a place in the tree of patterns, one level for each segment.
type node struct {
	literals []edge
	value    *node // where a {name} leads
	here     leaf  // the routes that end here
	rest     leaf  // the routes that end in {name...} here
}

type edge struct {
	text string
	to   *node
}

// leaf holds routes of one shape, which differ in their methods.
type leaf struct {
	routes []*route
	allow  string
}

// Outcome says how the search for a route ended.
type Outcome uint8

const (
	// NotFound is for paths that no route claims.
	NotFound Outcome = iota
	// MethodNotAllowed is for paths that routes claim with other methods.
	MethodNotAllowed
	// Found is for the rest.
	Found
)

// Match is what a search found.
type Match struct {
	Outcome Outcome
	// Route points into the table, so it serves as the route's identity.
	Route *plugins.Route
	// Allow lists the methods of the path where the request's is none of them.
	Allow string

	compiled *route
	values   [maxValues]string
}

// Value returns what the request has in the place of the pattern's {name}.
func (m *Match) Value(name string) (string, bool) {
	if m.compiled == nil {
		return "", false
	}
	if i := slices.Index(m.compiled.values, name); i >= 0 {
		return m.values[i], true
	}
	return "", false
}

// API is the description that the table was made of.
func (t *Table) API() *plugins.API { return &t.api }

// Routes lists the routes by the pointers that matches carry.
func (t *Table) Routes() []*plugins.Route {
	routes := make([]*plugins.Route, len(t.routes))
	for i, r := range t.routes {
		routes[i] = &r.Route
	}
	return routes
}

// AllowsAddress says whether the API may be called from the address.
func (t *Table) AllowsAddress(address netip.Addr) bool {
	if len(t.prefixes) == 0 {
		return true
	}
	address = address.Unmap().WithZone("")
	return slices.ContainsFunc(t.prefixes, func(p netip.Prefix) bool { return p.Contains(address) })
}

// Match finds the route for a wire method and a canonical path.
//
// A literal segment takes everything that looks like it: where patterns have a
// literal, a {name} in its place matches neither the literal nor another
// spelling of its letters, and no {name...} above it does. A backend that does
// not mind the case would otherwise serve a route under the scope of another.
// And where two patterns cross, so that neither is more literal, what both
// could claim is found by neither.
func (t *Table) Match(method, path string) Match {
	var m Match
	if found := t.find(path, &m.values); found != nil {
		m.pick(found, method, path)
	}
	return m
}

// Methods lists the methods that a canonical path offers, as Allow does; it is
// empty for a path that no route claims.
func (t *Table) Methods(path string) string {
	var values [maxValues]string
	if found := t.find(path, &values); found != nil {
		return found.allow
	}
	return ""
}

func (m *Match) pick(found *leaf, method, path string) {
	for _, r := range found.routes {
		if slices.Contains(r.Methods, method) {
			if !r.disputed(path) {
				m.Outcome, m.Route, m.compiled = Found, &r.Route, r
			}
			return
		}
	}
	m.Outcome, m.Allow = MethodNotAllowed, found.allow
}

// find walks down the tree. There is never a choice to come back to, but for
// the last {name...} that was passed.
func (t *Table) find(path string, values *[maxValues]string) *leaf {
	if path == "" || path[0] != '/' {
		return nil
	}
	at, taken, left := &t.root, 0, path[1:]
	var fallback *leaf
	var fallbackAt int
	var fallbackValue string
	for more := true; more; {
		if len(at.rest.routes) > 0 && left != "" {
			fallback, fallbackAt, fallbackValue = &at.rest, taken, left
		}
		var segment string
		segment, left, more = strings.Cut(left, "/")
		next, guarded := at.step(segment)
		if guarded || segment == "" && next == nil && len(at.here.routes) > 0 {
			return nil // another spelling of a route, in case or by a slash at the end
		}
		if next != nil && next == at.value {
			values[taken] = segment
			taken++
		}
		if at = next; at == nil {
			break
		}
	}
	if at != nil && len(at.here.routes) > 0 {
		return &at.here
	}
	if fallback != nil {
		values[fallbackAt] = fallbackValue
	}
	return fallback
}

// step goes down by one segment. It reports as guarded a segment that differs
// from a literal in the case of its letters only.
func (n *node) step(segment string) (next *node, guarded bool) {
	for i := range n.literals {
		if n.literals[i].text == segment {
			return n.literals[i].to, false
		}
	}
	for i := range n.literals {
		if strings.EqualFold(n.literals[i].text, segment) {
			return nil, true
		}
	}
	if segment == "" {
		return nil, false
	}
	return n.value, false
}
