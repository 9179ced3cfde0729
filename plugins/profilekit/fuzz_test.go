package profilekit

import (
	"slices"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Whatever stands in a Caddyfile, parsing ends without a panic, and yields
// nothing that is not written there.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "demo", "demo {\n}", "demo {\n scope a b\n strict\n}", "demo {", "demo {\n scope a {\n b\n}\n}",
		"demo }", "{", "demo {\n scope \"a\nb\" `c`\n}", "demo {\n\n scope <<X\n a\n X\n}", "demo { }",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tokens, err := caddyfile.Tokenize([]byte(text), "Caddyfile")
		if err != nil {
			return
		}
		var got target
		if Parse(caddyfile.NewDispenser(tokens), "demo", got.options()) != nil {
			return
		}
		for _, value := range got.scope {
			if !slices.ContainsFunc(tokens, func(token caddyfile.Token) bool { return token.Text == value }) {
				t.Fatalf("%q was read and is not there", value)
			}
		}
	})
}
