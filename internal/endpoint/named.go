package endpoint

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// MaxNamed is how many things one request may name. A decision refuses those
// that name more, for the work must not grow with the client's wishes.
const MaxNamed = 64

// Named is something that a request names and that its application must be
// entitled to.
type Named struct {
	Names plugins.Names
	// Value is never empty, but where Missing.
	Value string
	// Missing stands for a required location that names nothing, or one of
	// whose occurrences does: a backend might read that one, and take it for
	// everything.
	Missing bool
}

// Named appends what the request names at the route's locations. A buffer of
// the caller's, such as buf[:0] of an array, saves the allocation. Past
// MaxNamed it stops.
//
// Two required locations of one name, in the query and in the form, stand for
// one: the client chooses.
func (m *Match) Named(p Parameters, into []Named) []Named {
	if m.compiled == nil {
		return into
	}
	for i := range m.compiled.Entitled {
		location := &m.compiled.Entitled[i]
		if location.In == plugins.InPath {
			value, _ := m.Value(location.Name)
			into = append(into, Named{Names: location.Names, Value: value})
			continue
		}
		into = gather(p.in(location.In), location, into)
		if location.Required && !m.gives(p, location) {
			into = append(into, Named{Names: location.Names, Missing: true})
		}
	}
	for i := range m.compiled.merged {
		into = gather(p.form, &m.compiled.merged[i], into)
	}
	return into
}

// gather appends the values of one location, also those under similar names,
// which some servers read as the wanted one.
func gather(raw string, location *plugins.Location, into []Named) []Named {
	for raw != "" && len(into) <= MaxNamed {
		var name, value string
		name, value, raw = cutPair(raw)
		if value == "" || compare(name, location.Name) == another {
			continue
		}
		into = append(into, Named{Names: location.Names, Value: unescape(value)})
	}
	return into
}

// gives says whether the request names something at the location or at another
// required one of the same name, spelt as everybody reads it, and nothing empty
// at either in any spelling: a backend that reads nothing, or the empty one,
// may take that for everything.
func (m *Match) gives(p Parameters, location *plugins.Location) bool {
	given := false
	for i := range m.compiled.Entitled {
		other := &m.compiled.Entitled[i]
		if !other.Required || other.Names != location.Names || !strings.EqualFold(other.Name, location.Name) {
			continue
		}
		if other.In == plugins.InPath {
			return true
		}
		exact, empty := plainly(p.in(other.In), other.Name)
		if empty {
			return false
		}
		given = given || exact
	}
	// Of a form that is merged into the query nothing is wanted.
	if _, empty := plainly(p.form, location.Name); empty {
		return false
	}
	return given
}

// plainly says whether the parameter is given with a value under its exact
// name, and whether it is given without one under any that resembles it.
func plainly(raw, wanted string) (exact, empty bool) {
	for raw != "" {
		var name, value string
		name, value, raw = cutPair(raw)
		if compare(name, wanted) != another {
			empty = empty || value == ""
			exact = exact || name == wanted
		}
	}
	return exact, empty
}

// Missing returns the first parameter that the route cannot do without and the
// request does not give, or gives empty. As with locations, one of the same
// name in another place will do.
func (m *Match) Missing(p Parameters) *plugins.Parameter {
	if m.compiled == nil {
		return nil
	}
	for i := range m.compiled.Required {
		if wanted := &m.compiled.Required[i]; !m.has(p, wanted) {
			return wanted
		}
	}
	return nil
}

func (m *Match) has(p Parameters, wanted *plugins.Parameter) bool {
	for i := range m.compiled.Required {
		other := &m.compiled.Required[i]
		if !strings.EqualFold(other.Name, wanted.Name) {
			continue
		}
		if other.In == plugins.InPath {
			return true
		}
		if filled(p.in(other.In), other.Name) {
			return true
		}
	}
	return false
}

// Open says whether the route asks for no token: always, or because the
// request carries the parameter that opens it. Since that takes a lock away,
// the parameter counts only when spelt exactly, and never when empty: a
// backend that does not see it may do another thing altogether.
func (m *Match) Open(p Parameters) bool {
	if m.compiled == nil || m.compiled.Open || m.compiled.OpenWith == "" {
		return m.compiled != nil && m.compiled.Open
	}
	open := false
	for raw := p.query; raw != ""; {
		var name, value string
		name, value, raw = cutPair(raw)
		if compare(name, m.compiled.OpenWith) == another {
			continue
		}
		if name != m.compiled.OpenWith || value == "" {
			return false
		}
		open = true
	}
	return open
}

// NeedsForm says whether the route looks for anything in a form.
func (m *Match) NeedsForm() bool { return m.compiled != nil && m.compiled.needsForm }

// ReadForm reads the form as [Parameters.ReadForm] does. It refuses one that
// names a method which the route does not offer, to be taken for the one on
// the wire. The SDKs post _method=GET, which asks for nothing that POST does
// not give.
func (m *Match) ReadForm(p *Parameters, r *http.Request, limit int64) error {
	if err := p.ReadForm(r, limit); err != nil || p.form == "" {
		return err
	}
	for raw := p.form; raw != ""; {
		var name, value string
		name, value, raw = cutPair(raw)
		for _, parameter := range MethodParameters {
			if compare(name, parameter) != another && !slices.Contains(m.compiled.Methods, strings.ToUpper(unescape(value))) {
				return fmt.Errorf("%w: it names another method", ErrFormMalformed)
			}
		}
	}
	return nil
}

// filled says whether the parameter is given with a value.
func filled(raw, wanted string) bool {
	for raw != "" {
		var name, value string
		name, value, raw = cutPair(raw)
		if value != "" && compare(name, wanted) == same {
			return true
		}
	}
	return false
}
