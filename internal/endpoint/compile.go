package endpoint

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// Compile makes the table of an API. Its error names every field that is
// wrong, what it holds and what it should hold.
func Compile(api plugins.API) (*Table, error) {
	t := &Table{api: clone(api)}
	faults := checkAPI(&t.api)
	for i, text := range t.api.AllowIPs {
		prefix, err := netip.ParsePrefix(text)
		if err != nil || prefix.Addr().Is4In6() {
			faults.add(fmt.Sprintf("allow_ips[%d]", i), text, "a CIDR range such as 192.0.2.0/24")
			continue
		}
		t.prefixes = append(t.prefixes, prefix.Masked())
	}
	for i := range t.api.Routes {
		field := fmt.Sprintf("routes[%d]", i)
		segments, err := parsePattern(t.api.Routes[i].Path)
		if err != nil {
			faults.add(field+".path", t.api.Routes[i].Path, err.Error())
			continue
		}
		r := &route{Route: t.api.Routes[i], index: i, segments: segments, merged: merged(&t.api.Routes[i])}
		r.needsForm = len(r.merged) > 0 || needsForm(&r.Route)
		faults.merge(field, checkRoute(&r.Route, &t.api, segments))
		if err := t.root.insert(segments, r); err != nil {
			faults.add(field+".path", r.Path, err.Error())
		}
		t.routes = append(t.routes, r)
	}
	for _, r := range t.routes {
		r.findRivals(t.routes)
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("api %q: %w", api.Name, errors.Join(faults...))
	}
	return t, nil
}

// clone keeps the table from changing under the feet of whoever described it.
func clone(api plugins.API) plugins.API {
	api.Prefixes = slices.Clone(api.Prefixes)
	api.AllowIPs = slices.Clone(api.AllowIPs)
	api.Routes = slices.Clone(api.Routes)
	for i := range api.Routes {
		r := &api.Routes[i]
		r.Methods = slices.Clone(r.Methods)
		r.Scopes = slices.Clone(r.Scopes)
		r.Required = slices.Clone(r.Required)
		r.Entitled = slices.Clone(r.Entitled)
	}
	return api
}

func needsForm(r *plugins.Route) bool {
	return slices.ContainsFunc(r.Entitled, func(l plugins.Location) bool { return l.In == plugins.InForm }) ||
		slices.ContainsFunc(r.Required, func(p plugins.Parameter) bool { return p.In == plugins.InForm })
}

// merged are the locations of the query for which the route does not look into
// a form. Many frameworks put both together, and the form wins, whatever the
// method is: what it names must be allowed as well.
func merged(r *plugins.Route) []plugins.Location {
	var locations []plugins.Location
	for _, l := range r.Entitled {
		inForm := plugins.Location{In: plugins.InForm, Name: l.Name, Names: l.Names}
		twin := func(other plugins.Location) bool {
			return other.In == plugins.InForm && other.Names == l.Names && strings.EqualFold(other.Name, l.Name)
		}
		if l.In == plugins.InQuery && !slices.ContainsFunc(r.Entitled, twin) {
			locations = append(locations, inForm)
		}
	}
	return locations
}

// insert hangs the route into the tree. It returns an error that says with
// which route it is in conflict.
func (n *node) insert(segments []segment, r *route) error {
	end := &n.here
	for _, s := range segments {
		if s.kind != isLiteral {
			r.values = append(r.values, s.text)
		}
		switch s.kind {
		case isLiteral:
			next, err := n.literal(s.text)
			if err != nil {
				return err
			}
			n = next
		case isValue:
			if n.value == nil {
				n.value = &node{}
			}
			n = n.value
		case isRest:
			end = &n.rest // the parser has it at the end only
			continue
		}
		end = &n.here
	}
	return end.add(r)
}

func (n *node) literal(text string) (*node, error) {
	for _, e := range n.literals {
		if e.text == text {
			return e.to, nil
		}
		if strings.EqualFold(e.text, text) {
			return nil, fmt.Errorf("segments that differ in more than case: another route has %q", e.text)
		}
	}
	n.literals = append(n.literals, edge{text: text, to: &node{}})
	return n.literals[len(n.literals)-1].to, nil
}

func (l *leaf) add(r *route) error {
	for _, other := range l.routes {
		for _, method := range r.Methods {
			if slices.Contains(other.Methods, method) {
				return fmt.Errorf("paths that are its own: routes[%d] has %s %s", other.index, method, other.Path)
			}
		}
	}
	l.routes = append(l.routes, r)
	var methods []string
	for _, each := range l.routes {
		methods = append(methods, each.Methods...)
	}
	slices.Sort(methods)
	l.allow = strings.Join(methods, ", ")
	return nil
}
