package profilekit

import (
	"slices"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Whatever stands in a Caddyfile, parsing ends without a panic, and yields
// nothing that is not written there.
func FuzzParse(f *testing.F) {
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
