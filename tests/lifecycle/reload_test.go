package lifecycle

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

// changes are the reloads that keep the store, and so must not be felt.
var changes = []struct {
	name   string
	change func(s *settings, round int)
}{
	{"nothing", func(*settings, int) {}},
	{"the lifetime of tokens", func(s *settings, _ int) { s.options += "\ntokens {\nlifetime 5m\n}" }},
	{"the algorithm of tokens", func(s *settings, round int) {
		s.options += "\ntokens {\nalgorithm " + []string{"EdDSA", "ES256", "HS512", "ES384"}[round%4] + "\n}"
	}},
	{"the format of tokens", func(s *settings, _ int) { s.options += "\ntokens {\nformat opaque\n}" }},
	{"the size of the token cache", func(s *settings, _ int) { s.options += "\ntokens {\ncache_size 5000\n}" }},
	{"the staleness", func(s *settings, _ int) { s.options += "\nstaleness 1m" }},
	{"a new proxy", func(s *settings, _ int) { s.site += "\ndcr_proxy esm 127.0.0.1:9" }},
	{"a new application", func(s *settings, _ int) {
		s.options += "\napplication other {\nid 897029da-2b35-429e-ad45-6f6bf5de7a95\nprogrammer Demo\nchannels all\nscopes api:client:v2\n}"
	}},
	{"the name of the gateway", func(s *settings, round int) { s.options += fmt.Sprintf("\nnode_name gateway-%d", round) }},
	{"a key for the keys", func(s *settings, round int) {
		key := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{byte(round)}, 32))
		s.options += "\nkey_encryption_key " + key
	}},
}

func TestAReloadLosesNoRequestAndNoCount(t *testing.T) {
	t.Parallel()
	for _, store := range stores {
		t.Run(store.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, settings{store: store.start(t)})
			for _, c := range changes {
				t.Run(c.name, func(t *testing.T) {
					held := w.hold(t, 5)
					half := w.begin(t, "/o/client/register", "application/json", w.registration())
					handled := w.handled(t)
					counts, load := w.scrape(t), w.gather(t)
					// Caddy starts its apps in no order, so once tells little.
					for round := range 3 {
						before, after := w.running, w.running
						c.change(&after, round)
						w.mustReload(t, after)
						load.more(t)
						w.mustReload(t, before)
						load.more(t)
					}
					load.end(t)
					counts.end(t)
					assert.EqualValues(t, load.calls.Load(), w.handled(t)-handled, "requests that reached the gateway, and were lost there")
					half.finish(t, http.StatusCreated)
					held.finish(t)
				})
			}
			assert.NotContains(t, w.Log(), "panic")
		})
	}
}
