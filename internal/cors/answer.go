package cors

import (
	"net/http"
	"slices"
	"strings"
)

const (
	// mostAsked is far more than a browser has to ask about.
	mostAsked      = 100
	mostAskedBytes = 4096
)

// Preflight says whether a browser asks whether it may call (Fetch section
// 3.3.2), and about which method.
func Preflight(r *http.Request) (method string, ok bool) {
	asked := r.Header["Access-Control-Request-Method"]
	if r.Method != http.MethodOptions || len(asked) != 1 || asked[0] == "" {
		return "", false
	}
	return asked[0], true
}

// Tell writes into the headers of an answer that a page of the origin may read
// it.
func (p *Policy) Tell(h http.Header, origin string) {
	h["Access-Control-Allow-Origin"] = []string{origin}
	if p.credentials {
		h["Access-Control-Allow-Credentials"] = []string{"true"}
	}
	h["Access-Control-Expose-Headers"] = p.expose
}

// Answer writes the headers of the answer to a preflight of an origin that is
// allowed. The methods are those that the target offers.
func (p *Policy) Answer(h http.Header, r *http.Request, origin, methods string) {
	p.Tell(h, origin)
	delete(h, "Access-Control-Expose-Headers") // it means nothing here
	h["Access-Control-Allow-Methods"] = []string{methods}
	if names := p.permitted(r.Header["Access-Control-Request-Headers"]); names != "" {
		h["Access-Control-Allow-Headers"] = []string{names}
	}
	h["Access-Control-Max-Age"] = p.maxAge
	h["Vary"] = append(h["Vary"], "Access-Control-Request-Method, Access-Control-Request-Headers")
}

// permitted is what of the headers that the browser asks about it may send: it
// refuses by itself to send more. They are given back by name, since neither a
// prefix nor, for Authorization, a wildcard can stand for them.
func (p *Policy) permitted(asked []string) string {
	if len(asked) != 1 || len(asked[0]) > mostAskedBytes {
		return ""
	}
	var names []string
	for name := range strings.SplitSeq(asked[0], ",") {
		name = strings.ToLower(strings.Trim(name, " \t"))
		if p.permits(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
		if len(names) > mostAsked {
			return ""
		}
	}
	return strings.Join(names, ", ")
}

func (p *Policy) permits(name string) bool {
	return p.allow[name] || (strings.HasPrefix(name, "ap_") || strings.HasPrefix(name, "ap-")) && isToken(name)
}

// Forget removes whatever an answer says about other origins: a backend's word
// beside ours would be two, which browsers refuse, and instead of ours another
// policy than the configured one.
func Forget(h http.Header) {
	for name := range h {
		if strings.HasPrefix(name, "Access-Control-") {
			delete(h, name)
		}
	}
}

// Vary says, once, that the answer depends on the origin, for caches: in every
// answer where there is a policy, since the one to a request without an origin
// must not be given to a page either.
func Vary(h http.Header) {
	lines := slices.DeleteFunc(slices.Clone(h["Vary"]), func(line string) bool { return line == "Origin" })
	for _, line := range lines {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); name == "*" || strings.EqualFold(name, "Origin") {
				h["Vary"] = lines
				return
			}
		}
	}
	h["Vary"] = append(lines, "Origin")
}
