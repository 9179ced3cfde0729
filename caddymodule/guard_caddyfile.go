package caddymodule

import (
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/profilekit"
)

func init() {
	httpcaddyfile.RegisterDirective("dcr_guard", parseGuard)
	// After forward_auth, so that whatever else authenticates has done so.
	httpcaddyfile.RegisterDirectiveOrder("dcr_guard", httpcaddyfile.After, "forward_auth")
}

// parseGuard makes a route of the guard. With a matcher it is not alone in its
// site, and what goes past it goes through the fallback.
func parseGuard(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	h.Next() // "dcr_guard"
	matcher, err := h.ExtractMatcherSet()
	if err != nil {
		return nil, err
	}
	g := new(Guard)
	if err := g.UnmarshalCaddyfile(h.Dispenser); err != nil {
		return nil, err
	}
	if err := inContext(h, func() error { return g.mistake(h.Option("dcr")) }); err != nil {
		return nil, err
	}
	routes := h.NewRoute(matcher, g)
	if matcher != nil {
		routes = append(routes, h.NewRoute(nil, new(Fallback))...)
	}
	return routes, nil
}

// UnmarshalCaddyfile reads a guard. With a profile:
//
//	dcr_guard [<matcher>] <profile> {
//		forward_authorization
//		upgrade
//		cors { … }
//		<the profile's own options>
//	}
//
// and for an API that no profile describes:
//
//	dcr_guard [<matcher>] {
//		name <name>
//		prefix <path…>
//		route <method[,method…]> <path> {
//			scope <scope…>
//			open
//			throttle
//			required query|form <name> [<error code>]
//			channel path|query|form <name> [required]
//			programmer path|query|form <name> [required]
//			proxy_mvpd path|query|form <name> [required]
//		}
//		errors oauth|enhanced|enhanced_xml
//		query_token <name>
//		allow_ips <cidr…>
//		throttle
//		forward_authorization
//		upgrade
//		cors { … }
//	}
func (g *Guard) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // "dcr_guard"
	if !d.NextArg() {
		return g.takeAPI(d)
	}
	name := d.Token()
	if d.NextArg() {
		return d.Errf("dcr_guard takes one profile, got %q as well", d.Val())
	}
	rest, err := g.takeProfile(d, name, cutBlock(d))
	if err != nil {
		return err
	}
	if len(rest.options) > 0 {
		first := caddyfile.NewDispenser(rest.options[0])
		first.Next()
		known := slices.Concat(slices.Collect(maps.Keys(g.commonOptions(d))), profileOptions(name.Text))
		slices.Sort(known)
		return first.Errf("unknown option %q; known here: %s", first.Val(), strings.Join(known, ", "))
	}
	return nil
}

// cut is a block, cut into its subdirectives, with its braces.
type cut struct {
	open, end caddyfile.Token
	options   []caddyfile.Segment
}

// cutBlock reads the block that follows, if one does. It keeps the braces as
// they stood, since a brace that is made up can look quoted, or as if it stood
// on another line or in another file than the words around it.
func cutBlock(d *caddyfile.Dispenser) cut {
	var b cut
	if d.Next() {
		b.open = d.Token()
		d.Prev()
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		b.options = append(b.options, d.NextSegment())
	}
	b.end = d.Token()
	return b
}

// after puts the block behind words.
func (b cut) after(words ...caddyfile.Token) []caddyfile.Token {
	if len(b.options) == 0 {
		return words
	}
	return slices.Concat(words, []caddyfile.Token{b.open}, slices.Concat(b.options...), []caddyfile.Token{b.end})
}

// takeProfile configures the guard from those options that are its own or the
// profile's, and returns the others.
func (g *Guard) takeProfile(d *caddyfile.Dispenser, name caddyfile.Token, given cut) (rest cut, err error) {
	info, err := caddy.GetModule("dcr.profiles." + name.Text)
	if err != nil {
		return cut{}, d.Errf("unknown profile %q; known here: %s", name.Text, guests("dcr.profiles"))
	}
	forProfile := cut{open: given.open, end: given.end}
	rest = forProfile
	names, seen := profileOptions(name.Text), map[string]bool{}
	for _, segment := range given.options {
		option := segment.Directive()
		parser := caddyfile.NewDispenser(segment)
		parser.Next()
		switch parse, mine := g.commonOptions(parser)[option]; {
		case mine && seen[option]:
			return cut{}, parser.Errf("%s is given twice", option)
		case mine:
			seen[option] = true
			if err := parse(); err != nil {
				return cut{}, err
			}
		case slices.Contains(names, option):
			forProfile.options = append(forProfile.options, segment)
		default:
			rest.options = append(rest.options, segment)
		}
	}
	module := info.New()
	if u, ok := module.(caddyfile.Unmarshaler); ok {
		if err := u.UnmarshalCaddyfile(caddyfile.NewDispenser(forProfile.after(name))); err != nil {
			return cut{}, err
		}
	}
	if err := valid(module); err != nil {
		return cut{}, placed(d, err)
	}
	g.ProfileRaw = caddyconfig.JSONModuleObject(module, "name", name.Text, nil)
	return rest, nil
}

// profileOptions names the options that a profile has beside the guard's.
func profileOptions(profile string) []string {
	info, err := caddy.GetModule("dcr.profiles." + profile)
	if err != nil {
		return nil
	}
	if o, ok := info.New().(plugins.ProfileOptions); ok {
		return o.Options()
	}
	return nil
}

// commonOptions are those of every guard.
func (g *Guard) commonOptions(d *caddyfile.Dispenser) map[string]func() error {
	return map[string]func() error{
		"forward_authorization": func() error { return flag(d, &g.ForwardAuthorization) },
		"upgrade":               func() error { return flag(d, &g.Upgrade) },
		"cors":                  func() error { return parseCORS(d, &g.CORS) },
	}
}

// takeAPI reads the description of an API. What stands beside the routes holds
// for all of them, wherever it stands.
func (g *Guard) takeAPI(d *caddyfile.Dispenser) error {
	g.API = new(plugins.API)
	throttled := false
	known := g.genericOptions(d)
	known["throttle"] = func() error { return flag(d, &throttled) }
	err := block(d, known, "prefix", "allow_ips", "route")
	if throttled {
		g.API.Routes = profilekit.Throttled(g.API.Routes)
	}
	return err
}

func (g *Guard) genericOptions(d *caddyfile.Dispenser) map[string]func() error {
	known := g.commonOptions(d)
	maps.Copy(known, map[string]func() error{
		"name":        func() error { return oneArg(d, &g.API.Name) },
		"prefix":      func() error { return args(d, &g.API.Prefixes) },
		"query_token": func() error { return oneArg(d, &g.API.QueryToken) },
		"allow_ips":   func() error { return args(d, &g.API.AllowIPs) },
		"errors":      func() error { return oneArg(d, (*string)(&g.API.Errors)) },
		"route":       func() error { return g.parseRoute(d) },
	})
	return known
}

func (g *Guard) parseRoute(d *caddyfile.Dispenser) error {
	var methods string
	var route plugins.Route
	if !d.Args(&methods, &route.Path) || d.NextArg() {
		return d.Errf("route takes methods and a path, such as: route GET,POST /reports/{channel}")
	}
	route.Methods = strings.Split(methods, ",")
	entitled := func(names plugins.Names) func() error {
		return func() error { return parseEntitled(d, &route, names) }
	}
	err := block(d, map[string]func() error{
		"scope":      func() error { return args(d, &route.Scopes) },
		"open":       func() error { return flag(d, &route.Open) },
		"throttle":   func() error { return flag(d, &route.Throttled) },
		"required":   func() error { return parseRequired(d, &route) },
		"channel":    entitled(plugins.NamesChannel),
		"programmer": entitled(plugins.NamesProgrammer),
		"proxy_mvpd": entitled(plugins.NamesProxyMVPD),
	}, "scope", "required", "channel", "programmer", "proxy_mvpd")
	g.API.Routes = append(g.API.Routes, route)
	return err
}

func parseRequired(d *caddyfile.Dispenser, route *plugins.Route) error {
	words := d.RemainingArgs()
	if len(words) < 2 || len(words) > 3 {
		return d.Errf("required takes query or form, a name, and possibly an error code")
	}
	p := plugins.Parameter{In: plugins.Place(words[0]), Name: words[1]}
	if len(words) == 3 {
		p.Code = words[2]
	}
	route.Required = append(route.Required, p)
	return nil
}

func parseEntitled(d *caddyfile.Dispenser, route *plugins.Route, names plugins.Names) error {
	words := d.RemainingArgs()
	if len(words) < 2 || len(words) > 3 || (len(words) == 3 && words[2] != "required") {
		return d.Errf("%s takes path, query or form, a name, and possibly the word required", names)
	}
	route.Entitled = append(route.Entitled, plugins.Location{
		In: plugins.Place(words[0]), Name: words[1], Names: names, Required: len(words) == 3,
	})
	return nil
}

var _ caddyfile.Unmarshaler = (*Guard)(nil)
