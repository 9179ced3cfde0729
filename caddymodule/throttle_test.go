package caddymodule

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
	"github.com/caddy-dcr/caddy-dcr/internal/token"
)

func TestAThrottleWithoutOptionsIsThePublishedOne(t *testing.T) {
	c := new(ThrottleConfig)
	require.NoError(t, c.defaults())
	assert.Equal(t, ThrottleConfig{Rate: 1, Burst: 10, Key: throttle.ByAddress, IPv6Prefix: 64, Size: 1_000_000}, *c)
	assert.Equal(t, throttle.Limit{Rate: 1, Burst: 11}, c.limit())
}

func TestAThrottleThatCannotBeSaysWhich(t *testing.T) {
	for want, c := range map[string]ThrottleConfig{
		"rate: got -1":                  {Rate: -1},
		"burst: got 10001":              {Burst: 10_001},
		`key: got "device"`:             {Key: "device"},
		`header: got "" with the key h`: {Key: throttle.ByHeader},
		`header: got "X" with the key `: {Header: "X"},
		"ipv6_prefix: got -1":           {IPv6Prefix: -1},
		"size: got -1":                  {Size: -1},
	} {
		assert.ErrorContains(t, c.defaults(), want)
	}
	none := ThrottleConfig{Burst: -1}
	require.NoError(t, none.defaults())
	assert.Equal(t, 1, none.limit().Burst, "no burst is one at a time")
}

// Who is counted, by every key and with all that can be known.
func TestACallerIsWhoTheKeySays(t *testing.T) {
	r := caddyhttp.PrepareRequest(httptest.NewRequest(http.MethodGet, "/", nil), caddy.NewReplacer(), httptest.NewRecorder(), nil)
	caddyhttp.SetVar(r.Context(), caddyhttp.ClientIPVarKey, "192.0.2.1")
	r.Header.Set("X-Device-Id", "one")
	address := clientAddress(r)
	device := throttle.Device(address, 64)
	good := token.Grant{ClientID: uuid.New(), Lineage: &token.Lineage{ApplicationID: uuid.New(), StatementID: uuid.New()}}
	for name, tc := range map[string]struct {
		config ThrottleConfig
		claims claims
		want   throttle.Caller
	}{
		"the address, whatever is known":  {ThrottleConfig{}, claims{grant: good, client: "c", statement: "s"}, device},
		"the header":                      {ThrottleConfig{Key: "header", Header: "X-Device-ID"}, claims{grant: good}, throttle.Named("header", "one")},
		"a header that is not there":      {ThrottleConfig{Key: "header", Header: "X-Other"}, claims{grant: good}, device},
		"the client of a token":           {ThrottleConfig{Key: "client"}, claims{grant: good, client: "c"}, throttle.Known("client", good.ClientID)},
		"who says to be a client":         {ThrottleConfig{Key: "client"}, claims{client: "c"}, throttle.Named("client", "c").From(address, 64)},
		"no client":                       {ThrottleConfig{Key: "client"}, claims{statement: "s"}, device},
		"the application of a token":      {ThrottleConfig{Key: "application"}, claims{grant: good}, throttle.Known("application", good.ApplicationID)},
		"no application":                  {ThrottleConfig{Key: "application"}, claims{client: "c", statement: "s"}, device},
		"the statement of a token":        {ThrottleConfig{Key: "statement"}, claims{grant: good}, throttle.Known("statement", good.StatementID)},
		"the statement of a registration": {ThrottleConfig{Key: "statement"}, claims{statement: "s"}, throttle.Named("statement", "s")},
		"no statement":                    {ThrottleConfig{Key: "statement"}, claims{client: "c"}, device},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, tc.config.defaults())
			assert.Equal(t, tc.want, (&throttler{config: tc.config}).caller(r, tc.claims))
		})
	}
}

func TestOnlyThoseWhoShareABucketAreSpread(t *testing.T) {
	for _, kind := range throttle.Kinds {
		seen := map[time.Duration]bool{}
		for range 100 {
			wait := spread(kind, time.Minute)
			assert.GreaterOrEqual(t, wait, time.Minute)
			assert.LessOrEqual(t, wait, 2*time.Minute)
			seen[wait] = true
		}
		shared := kind == throttle.ByApplication || kind == throttle.ByStatement
		assert.Equal(t, shared, len(seen) > 1, kind)
	}
}
