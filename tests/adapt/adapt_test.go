package adapt

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	_ "github.com/caddy-dcr/caddy-dcr/caddymodule"
	"github.com/caddy-dcr/caddy-dcr/plugins/redisstore"
)

// adapt makes JSON of a Caddyfile. Its errors begin with Caddyfile:<line>.
func adapt(t *testing.T, config string) (string, error) {
	t.Helper()
	adapter := caddyconfig.GetAdapter("caddyfile")
	result, warnings, err := adapter.Adapt([]byte(config), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return "", err
	}
	assert.Empty(t, warnings, "run `caddy fmt` over the fixture")
	var pretty bytes.Buffer
	require.NoError(t, json.Indent(&pretty, result, "", "\t"))
	return pretty.String(), nil
}

func TestEveryCaddyfileBecomesItsJSON(t *testing.T) {
	for _, f := range fixtures(t, "adapt") {
		t.Run(f.name, func(t *testing.T) {
			got, err := adapt(t, f.config)
			require.NoError(t, err)
			f.check(t, got)
		})
	}
}

func TestEveryBrokenCaddyfileSaysWhatIsWrongAndWhere(t *testing.T) {
	for _, f := range fixtures(t, "broken") {
		t.Run(f.name, func(t *testing.T) {
			_, err := adapt(t, f.config)
			require.Error(t, err)
			assert.Regexp(t, `Caddyfile:\d+`, err.Error(), "the error does not say where")
			f.check(t, anyID.ReplaceAllString(err.Error(), "such as <a new UUID>"))
		})
	}
}

// An option that is known but in no fixture could change its meaning unseen.
// The parser itself lists what it knows when it meets something that it does
// not.
func TestEveryKnownOptionStandsInAFixture(t *testing.T) {
	var all strings.Builder
	for _, f := range fixtures(t, "adapt") {
		all.WriteString(f.config)
	}
	for _, block := range []string{
		"{\ndcr {\n?\n}\n}\n",
		"{\ndcr {\ntokens {\n?\n}\n}\n}\n",
		"{\ndcr {\nthrottle {\n?\n}\n}\n}\n",
		"{\ndcr {\nstatements {\n?\n}\n}\n}\n",
		"{\ndcr {\nexplain {\n?\n}\n}\n}\n",
		"{\ndcr {\ntrusted_issuer a {\n?\n}\n}\n}\n",
		"{\ndcr {\nspread {\n?\n}\n}\n}\n",
		"{\ndcr {\nguesses {\n?\n}\n}\n}\n",
		"{\ndcr {\nquotas {\n?\n}\n}\n}\n",
		"{\ndcr {\nquotas {\nstatement {\n?\n}\n}\n}\n}\n",
		"{\ndcr {\nquotas {\naddress {\n?\n}\n}\n}\n}\n",
		"{\ndcr {\nreaper {\n?\n}\n}\n}\n",
		"{\ndcr {\napplication a {\n?\n}\n}\n}\n",
		"{\ndcr {\nprogrammer a {\n?\n}\n}\n}\n",
		"{\ndcr {\nprogrammer a {\nchannel b {\n?\n}\n}\n}\n}\n",
		"localhost {\ndcr_console {\n?\n}\n}\n",
		"localhost {\ndcr_console {\ntrusted_proxy 10.0.0.7 {\n?\n}\n}\n}\n",
		"localhost {\ndcr_guard {\n?\n}\n}\n",
		"localhost {\ndcr_guard {\ncors {\n?\n}\n}\n}\n",
		"localhost {\ndcr_guard {\nroute GET / {\n?\n}\n}\n}\n",
		"localhost {\ndcr_guard esm {\n?\n}\n}\n",
		"localhost {\ndcr_guard proxy_mvpd {\n?\n}\n}\n",
	} {
		_, err := adapt(t, block)
		require.Error(t, err)
		_, known, found := strings.Cut(err.Error(), "known here: ")
		require.True(t, found, "%q names no known options", err)
		known, _, _ = strings.Cut(known, ", at Caddyfile")
		for option := range strings.SplitSeq(known, ", ") {
			assert.Regexp(t, `(?m)^\t+`+option+`\b`, all.String(), "no fixture has the option %s of %q", option, block)
		}
	}
}

// The Redis store has more options than its errors list, so they are taken
// from the fields of its configuration.
func TestEveryOptionOfTheRedisStoreStandsInAFixture(t *testing.T) {
	var all strings.Builder
	for _, f := range fixtures(t, "adapt") {
		all.WriteString(f.result)
	}
	for _, config := range []reflect.Type{reflect.TypeFor[redisstore.Config](), reflect.TypeFor[redisstore.TLS]()} {
		for i := range config.NumField() {
			name, _, _ := strings.Cut(config.Field(i).Tag.Get("json"), ",")
			assert.Contains(t, all.String(), `"`+name+`": `, "no fixture sets %s", config.Field(i).Name)
		}
	}
}
