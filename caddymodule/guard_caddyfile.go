package caddymodule

import (
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func init() {
	httpcaddyfile.RegisterHandlerDirective("dcr_guard", func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		g := new(Guard)
		return g, g.UnmarshalCaddyfile(h.Dispenser)
	})
	// After forward_auth, so that whatever else authenticates has done so.
	httpcaddyfile.RegisterDirectiveOrder("dcr_guard", httpcaddyfile.After, "forward_auth")
}

// UnmarshalCaddyfile reads a guard. With a profile:
//
//	dcr_guard [<matcher>] <profile> {
//		forward_authorization
//		upgrade
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
//			required path|query|form <name> [<error code>]
//			channel path|query|form <name> [required]
//			programmer path|query|form <name> [required]
//			proxy_mvpd path|query|form <name> [required]
//		}
//		errors oauth|enhanced|enhanced_xml
//		query_token <name>
//		allow_ips <cidr…>
//		forward_authorization
//		upgrade
//	}
func (g *Guard) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // "dcr_guard"
	if !d.NextArg() {
		g.API = new(plugins.API)
		return block(d, g.genericOptions(d))
	}
	name := d.Token()
	if d.NextArg() {
		return d.ArgErr()
	}
	rest, err := g.takeProfile(d, name, options(d))
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		first := caddyfile.NewDispenser(rest[0])
		first.Next()
		return first.Errf("unknown option %q of dcr_guard %s", first.Val(), name.Text)
	}
	return nil
}

// options cuts the block that follows into its subdirectives.
func options(d *caddyfile.Dispenser) []caddyfile.Segment {
	var segments []caddyfile.Segment
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		segments = append(segments, d.NextSegment())
	}
	return segments
}

// takeProfile configures the guard from those segments that are its own or the
// profile's, and returns the others.
func (g *Guard) takeProfile(d *caddyfile.Dispenser, name caddyfile.Token, segments []caddyfile.Segment) ([]caddyfile.Segment, error) {
	info, err := caddy.GetModule("dcr.profiles." + name.Text)
	if err != nil {
		return nil, d.Errf("unknown profile %q; known: %s", name.Text, strings.Join(profileNames(), ", "))
	}
	module := info.New()
	var names []string
	if o, ok := module.(plugins.ProfileOptions); ok {
		names = o.Options()
	}
	own := g.commonOptions
	var forProfile, rest []caddyfile.Segment
	for _, segment := range segments {
		option := segment.Directive()
		parser := caddyfile.NewDispenser(segment)
		parser.Next()
		switch parse, mine := own(parser)[option]; {
		case mine:
			if err := parse(); err != nil {
				return nil, err
			}
		case slices.Contains(names, option):
			forProfile = append(forProfile, segment)
		default:
			rest = append(rest, segment)
		}
	}
	if u, ok := module.(caddyfile.Unmarshaler); ok {
		if err := u.UnmarshalCaddyfile(caddyfile.NewDispenser(wrap(name, forProfile))); err != nil {
			return nil, err
		}
	}
	g.ProfileRaw = caddyconfig.JSONModuleObject(module, "name", name.Text, nil)
	return rest, nil
}

// wrap makes `head { segments }` of segments that stood in another block.
func wrap(head caddyfile.Token, segments []caddyfile.Segment, args ...caddyfile.Token) []caddyfile.Token {
	tokens := append([]caddyfile.Token{head}, args...)
	if len(segments) == 0 {
		return tokens
	}
	brace := tokens[len(tokens)-1]
	brace.Text = "{"
	tokens = append(tokens, brace)
	for _, segment := range segments {
		tokens = append(tokens, segment...)
	}
	brace = tokens[len(tokens)-1]
	brace.Text = "}"
	brace.Line++
	return append(tokens, brace)
}

// commonOptions are those of every guard.
func (g *Guard) commonOptions(d *caddyfile.Dispenser) map[string]func() error {
	return map[string]func() error{
		"forward_authorization": func() error { return flag(d, &g.ForwardAuthorization) },
		"upgrade":               func() error { return flag(d, &g.Upgrade) },
	}
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
		"required":   func() error { return parseRequired(d, &route) },
		"channel":    entitled(plugins.NamesChannel),
		"programmer": entitled(plugins.NamesProgrammer),
		"proxy_mvpd": entitled(plugins.NamesProxyMVPD),
	})
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

func profileNames() []string {
	var names []string
	for _, info := range caddy.GetModules("dcr.profiles") {
		names = append(names, info.ID.Name())
	}
	slices.Sort(names)
	return names
}

var _ caddyfile.Unmarshaler = (*Guard)(nil)
