package jwstest

import "github.com/caddy-dcr/caddy-dcr/internal/jws"

// Good is what a verifier accepts, in parts.
type Good struct {
	// Key signs; the verifier knows it. Other is of the same algorithm, and
	// the verifier does not know it.
	Key, Other     *jws.Key
	Header, Claims Object
	// Required names the claims without which the verifier refuses.
	Required []string
	// URL is an address that headers and claims name, see [Listen].
	URL string
}

// Forgery is a text that must be refused. But for its one fault it is good.
type Forgery struct {
	Name, Raw string
	Fault     Fault
}

// Raw is the text that is accepted.
func (g Good) Raw() string { return Compact(g.Key, g.Header.String(), g.Claims.String()) }

// Forgeries lists everything that must be refused whatever the verifier is
// for. Headers and claims are signed with the right key, so that nothing but
// the reading stands between them and being accepted.
func (g Good) Forgeries() []Forgery {
	var all []Forgery
	all = append(all, g.texts()...)
	all = append(all, g.signatures()...)
	all = append(all, g.headers()...)
	all = append(all, g.algorithms()...)
	all = append(all, g.confusions()...)
	all = append(all, g.claims()...)
	return all
}

// Signatures lists the forgeries that depend on the algorithm alone.
func (g Good) Signatures() []Forgery {
	return append(append(g.signatures(), g.algorithms()...), g.confusions()...)
}

// Telling lists all forgeries for one algorithm of each kind, and for another
// of the same kind those that depend on it.
func (g Good) Telling() []Forgery {
	switch g.Key.Algorithm() {
	case jws.RS256, jws.ES256, jws.EdDSA, jws.HS256:
		return g.Forgeries()
	default:
		return g.Signatures()
	}
}

func (g Good) header(name string, header string) Forgery {
	return Forgery{"header: " + name, Compact(g.Key, header, g.Claims.String()), InHeader}
}

func (g Good) claim(fault Fault, name string, claims string) Forgery {
	return Forgery{"claims: " + name, Compact(g.Key, g.Header.String(), claims), fault}
}

func (g Good) url() string {
	if g.URL == "" {
		return "http://127.0.0.1:1"
	}
	return g.URL
}

func text(name, raw string) Forgery { return Forgery{"text: " + name, raw, InText} }
