package plugins

import "net/http"

// ErrorStyle says in which form an API's clients expect a refusal.
type ErrorStyle string

const (
	// OAuthJSON is {"error":"<code>"}: the management APIs and the SDKs.
	OAuthJSON ErrorStyle = "oauth"
	// Enhanced is the JSON object of Adobe's Enhanced Error Codes: REST API V2.
	Enhanced ErrorStyle = "enhanced"
	// EnhancedXML is the same object, as XML when the request asks for it by
	// Accept, a format parameter or an .xml extension: REST API V1.
	EnhancedXML ErrorStyle = "enhanced_xml"
)

// ErrorStyles lists every style.
var ErrorStyles = []ErrorStyle{OAuthJSON, Enhanced, EnhancedXML}

// Place is a part of a request that can hold a parameter.
type Place string

const (
	InPath  Place = "path"  // a {name} segment of the route's pattern
	InQuery Place = "query" // a parameter of the query
	InForm  Place = "form"  // a parameter of a form-encoded body
)

// Names says what a parameter's value is a name of.
type Names string

const (
	// NamesChannel is the id of a channel (service provider, requestor).
	NamesChannel Names = "channel"
	// NamesProgrammer is the id of the programmer or of one of its channels.
	NamesProgrammer Names = "programmer"
	// NamesProxyMVPD is the id of a proxy MVPD, to which the application must
	// be bound.
	NamesProxyMVPD Names = "proxy_mvpd"
)

// Location is where a request names something that the application must be
// entitled to. A parameter's name is compared without regard to case, and
// every value that the request gives is checked, so that a backend which
// reads another one than the gateway cannot be talked into anything.
type Location struct {
	In    Place  `json:"in"`
	Name  string `json:"name"`
	Names Names  `json:"names"`
	// Required refuses, as a channel that is not assigned, a request that
	// names nothing here, unless the application holds every channel.
	Required bool `json:"required,omitempty"`
}

// Parameter is one that a route cannot do without.
type Parameter struct {
	In   Place  `json:"in"`
	Name string `json:"name"`
	// Code is the error code when it is missing or empty; the empty string
	// is invalid_request.
	Code string `json:"code,omitempty"`
}

// Route is one operation of a protected API.
type Route struct {
	// Methods lists the wire methods, upper case. GET does not imply HEAD.
	Methods []string `json:"methods"`
	// Path is the pattern: literal segments, {name} for exactly one segment,
	// and {name...} as the last for one or more. Literals are compared
	// exactly. Of two patterns that overlap the more literal one wins; what
	// both claim of which neither is, such as /a/{x}/c and /a/b/{y} of /a/b/c,
	// is refused.
	Path string `json:"path"`
	// Scopes holds the scopes that open the route; any one is enough.
	Scopes []string `json:"scopes,omitempty"`
	// Open lets requests through without a token.
	Open bool `json:"open,omitempty"`
	// OpenWith names a query parameter whose presence makes the route open.
	OpenWith string `json:"open_with,omitempty"`
	// Required lists parameters without which the backend is not asked.
	Required []Parameter `json:"required,omitempty"`
	// Entitled lists where the request names channels and the like.
	Entitled []Location `json:"entitled,omitempty"`
	// Redirect names the query parameter with the URL to which a refused
	// navigation is sent, when the application's domains cover it.
	Redirect string `json:"redirect,omitempty"`
	// Throttled counts the route's requests against what a device may send,
	// where the operator's throttle says how much that is.
	Throttled bool `json:"throttled,omitempty"`
}

// API is the complete description of a protected API. Whatever no route of it
// claims is refused.
type API struct {
	// Name is the profile's name in configuration and metrics.
	Name string `json:"name"`
	// Title is what people call the API.
	Title string `json:"title"`
	// Prefixes are the paths, each ending in a slash, under which the API
	// lives: all of them are the guard's, routes or not.
	Prefixes []string `json:"prefixes"`
	Routes   []Route  `json:"routes"`
	// QueryToken names the query parameter that may hold the access token;
	// empty where only the Authorization header may.
	QueryToken string     `json:"query_token,omitempty"`
	Errors     ErrorStyle `json:"errors"`
	// AllowIPs are the CIDR ranges from which the API may be called; empty
	// is everywhere. Other addresses get 401.
	AllowIPs []string `json:"allow_ips,omitempty"`
	// Upgrade allows WebSocket upgrades.
	Upgrade bool `json:"upgrade,omitempty"`
}

// Profile is what a guest in Caddy's namespace dcr.profiles implements: it
// describes one protected API. The gateway reads the description once, when
// the configuration loads.
type Profile interface {
	API() API
}

// EntitlementFinder is offered by a profile whose requests name channels in a
// way that no [Location] can say. It returns every channel that the request
// names, beyond what the locations find. The path is the canonical one. It
// must not read the body.
type EntitlementFinder interface {
	Channels(r *http.Request, path string) []string
}

// ProfileOptions is offered by a profile that has options of its own. It lists
// the names of the subdirectives that its UnmarshalCaddyfile understands, so
// that the gateway can tell them from those of the guard and of the proxy.
type ProfileOptions interface {
	Options() []string
}
