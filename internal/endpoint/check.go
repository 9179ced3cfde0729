package endpoint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/scope"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// faults collects what is wrong with a description, so that whoever wrote it
// learns everything at once.
type faults []error

func (f *faults) add(field, got, want string) {
	*f = append(*f, fmt.Errorf("%s: got %q, want %s", field, got, want))
}

func (f *faults) merge(field string, more faults) {
	for _, err := range more {
		*f = append(*f, fmt.Errorf("%s.%w", field, err))
	}
}

func checkAPI(api *plugins.API) faults {
	var f faults
	if !isLabel(api.Name) {
		f.add("name", api.Name, "lower-case letters, digits, dashes and underscores")
	}
	if !slices.Contains(plugins.ErrorStyles, api.Errors) {
		f.add("errors", string(api.Errors), fmt.Sprintf("one of %q", plugins.ErrorStyles))
	}
	if api.QueryToken != "" && !isName(api.QueryToken) {
		f.add("query_token", api.QueryToken, "the name of a parameter")
	}
	if len(api.Prefixes) == 0 {
		f.add("prefixes", "", "at least one")
	}
	for i, prefix := range api.Prefixes {
		if !strings.HasPrefix(prefix, "/") || !strings.HasSuffix(prefix, "/") || checkPath(prefix) != nil {
			f.add(fmt.Sprintf("prefixes[%d]", i), prefix, "an unambiguous path that begins and ends with a slash")
		}
	}
	if len(api.Routes) == 0 {
		f.add("routes", "", "at least one")
	}
	return f
}

func checkRoute(r *plugins.Route, api *plugins.API, segments []segment) faults {
	var f faults
	if !slices.ContainsFunc(api.Prefixes, func(p string) bool { return strings.HasPrefix(r.Path, p) }) {
		f.add("path", r.Path, fmt.Sprintf("a path under one of %q", api.Prefixes))
	}
	checkMethods(r, &f)
	checkAccess(r, &f)
	for i, location := range r.Entitled {
		f.merge(fmt.Sprintf("entitled[%d]", i), checkLocation(location, segments))
	}
	for i, parameter := range r.Required {
		f.merge(fmt.Sprintf("required[%d]", i), checkParameter(parameter, segments))
	}
	return f
}

func checkMethods(r *plugins.Route, f *faults) {
	if len(r.Methods) == 0 {
		f.add("methods", "", "at least one")
	}
	for i, method := range r.Methods {
		upper := strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == "" && method != ""
		if !upper || slices.Contains(r.Methods[:i], method) {
			f.add(fmt.Sprintf("methods[%d]", i), method, "a method in upper case, once")
		}
	}
}

func checkAccess(r *plugins.Route, f *faults) {
	switch {
	case r.Open && len(r.Scopes) > 0:
		f.add("scopes", strings.Join(r.Scopes, " "), "none, for nobody would ask for them on an open route")
	case r.Open && r.OpenWith != "":
		f.add("open_with", r.OpenWith, "nothing, for the route is open already")
	case !r.Open && len(r.Scopes) == 0:
		f.add("scopes", "", "at least one, or an open route")
	}
	if _, err := scope.New(r.Scopes...); err != nil {
		f.add("scopes", strings.Join(r.Scopes, " "), err.Error())
	}
	if r.OpenWith != "" && !isName(r.OpenWith) {
		f.add("open_with", r.OpenWith, "the name of a parameter")
	}
	if r.Redirect != "" && !isName(r.Redirect) {
		f.add("redirect", r.Redirect, "the name of a parameter")
	}
}

func checkLocation(l plugins.Location, segments []segment) faults {
	f := checkPlace(l.In, l.Name, segments)
	if l.Names != plugins.NamesChannel && l.Names != plugins.NamesProgrammer && l.Names != plugins.NamesProxyMVPD {
		f.add("names", string(l.Names), "channel, programmer or proxy_mvpd")
	}
	return f
}

func checkParameter(p plugins.Parameter, segments []segment) faults {
	f := checkPlace(p.In, p.Name, segments)
	if p.Code != "" && !isLabel(p.Code) {
		f.add("code", p.Code, "an error code of lower-case letters, digits and underscores")
	}
	return f
}

func checkPlace(in plugins.Place, name string, segments []segment) faults {
	var f faults
	switch in {
	case plugins.InPath:
		// A {name...} is no name of anything: it has several segments.
		if !slices.Contains(segments, segment{isValue, name}) {
			f.add("name", name, "a {name} of the path")
		}
	case plugins.InQuery, plugins.InForm:
		if !isName(name) {
			f.add("name", name, "the name of a parameter")
		}
	default:
		f.add("in", string(in), "path, query or form")
	}
	return f
}

// isLabel holds for what becomes a metric's label or an error code.
func isLabel(text string) bool {
	return text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}
