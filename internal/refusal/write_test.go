package refusal

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// The wire contract, row by row; the golden files hold the rest.
func TestARefusalHasTheDocumentedStatusAndCode(t *testing.T) {
	for name, c := range map[string]struct {
		reason         guard.Reason
		plain          int
		plainCode      string
		enhanced       int
		enhancedCode   string
		enhancedAction string
	}{
		"an ambiguous target":     {guard.TargetAmbiguous, 400, "invalid_request", 400, "invalid_request", "none"},
		"two tokens":              {guard.TokenRepeated, 400, "invalid_request", 400, "invalid_request", "none"},
		"a malformed token":       {guard.TokenMalformed, 400, "invalid_request", 400, "invalid_request", "none"},
		"no token":                {guard.TokenAbsent, 401, "access_denied", 401, "invalid_access_token", "application-registration"},
		"an expired token":        {guard.TokenExpired, 401, "access_denied", 401, "invalid_access_token", "application-registration"},
		"a forged token":          {guard.TokenInvalid, 401, "access_denied", 401, "invalid_access_token", "application-registration"},
		"a revoked token":         {guard.TokenRevoked, 401, "access_denied", 401, "invalid_access_token", "application-registration"},
		"a revoked client":        {guard.ClientRevoked, 403, "invalid_client", 401, "invalid_access_token_client_application", "application-registration"},
		"a revoked statement":     {guard.StatementRevoked, 403, "invalid_client", 401, "invalid_access_token_client_application", "application-registration"},
		"a revoked application":   {guard.ApplicationRevoked, 403, "invalid_client", 401, "invalid_access_token_client_application", "application-registration"},
		"an unassigned channel":   {guard.ChannelNotAssigned, 403, "access_denied", 401, "invalid_access_token_service_provider", "application-registration"},
		"an unbound proxy MVPD":   {guard.ProxyMVPDNotBound, 403, "access_denied", 401, "invalid_access_token_service_provider", "application-registration"},
		"an address":              {guard.AddressNotAllowed, 401, "access_denied", 401, "access_denied", "configuration"},
		"a missing scope":         {guard.ScopeMissing, 403, "insufficient_scope", 403, "insufficient_scope", "configuration"},
		"a missing parameter":     {guard.ParameterMissing, 400, "invalid_request", 400, "invalid_request", "none"},
		"a method":                {guard.MethodNotAllowed, 405, "method_not_allowed", 405, "method_not_allowed", "none"},
		"an unknown route":        {guard.RouteUnknown, 404, "not_found", 404, "not_found", "none"},
		"a throttled device":      {guard.Throttled, 429, "too_many_requests", 429, "too_many_requests", "retry"},
		"unavailable state":       {guard.StateUnavailable, 503, "temporarily_unavailable", 503, "internal_server_error", "retry"},
		"a reason that is none":   {"", 503, "temporarily_unavailable", 503, "internal_server_error", "retry"},
		"a request that may pass": {guard.Allowed, 503, "temporarily_unavailable", 503, "internal_server_error", "retry"},
	} {
		t.Run(name, func(t *testing.T) {
			w := answer(http.MethodGet, "/a", "", plugins.OAuthJSON, Refusal{Reason: c.reason, Trace: trace})
			var plain map[string]string
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &plain))
			assert.Equal(t, c.plain, w.Code)
			assert.Equal(t, c.plainCode, plain["error"])

			w = answer(http.MethodGet, "/a", "", plugins.Enhanced, Refusal{Reason: c.reason, Trace: trace})
			var object map[string]any
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &object))
			assert.Equal(t, c.enhanced, w.Code)
			assert.EqualValues(t, c.enhanced, object["status"])
			assert.Equal(t, c.enhancedCode, object["code"])
			assert.Equal(t, c.enhancedAction, object["action"])
			assert.Equal(t, trace, object["trace"])
		})
	}
}

func TestWhatHoldsForEveryRefusal(t *testing.T) {
	for _, style := range plugins.ErrorStyles {
		for _, reason := range refusals() {
			w := answer(http.MethodGet, "/a", "", style, full(reason))
			h := w.Header()
			assert.Equal(t, "no-store", h.Get("Cache-Control"))
			assert.Equal(t, trace, h.Get(TraceHeader))
			assert.Equal(t, strconv.Itoa(w.Body.Len()), h.Get("Content-Length"))
			if w.Code == 401 || w.Code == 403 {
				assert.Contains(t, h.Get("WWW-Authenticate"), `Bearer realm="demo"`, reason)
			}
			assert.Equal(t, w.Code == 405, h.Get("Allow") != "", reason)
			assert.Equal(t, w.Code == 429 || w.Code == 503, h.Get("Retry-After") != "", reason)
		}
	}
}

// A TV fleet that reads our outage as its own fault registers again, all at once.
func TestOurFaultIsNeverTheClients(t *testing.T) {
	for _, style := range plugins.ErrorStyles {
		w := answer(http.MethodGet, "/a", "", style, Refusal{
			Reason: guard.StateUnavailable, RedirectTo: "https://app.example.com/",
		})
		assert.Equal(t, http.StatusServiceUnavailable, w.Code)
		assert.Empty(t, w.Header().Get("WWW-Authenticate"))
		assert.Empty(t, w.Header().Get("Location"))
		assert.NotContains(t, w.Body.String(), "invalid_")
	}
}

func TestAHeadRequestGetsNoBody(t *testing.T) {
	for _, style := range plugins.ErrorStyles {
		head := answer(http.MethodHead, "/a", "", style, full(guard.TokenAbsent))
		get := answer(http.MethodGet, "/a", "", style, full(guard.TokenAbsent))
		assert.Zero(t, head.Body.Len())
		assert.Equal(t, get.Code, head.Code)
		assert.Equal(t, get.Header(), head.Header())
	}
}

func TestTheChallengeFollowsRFC6750(t *testing.T) {
	for name, c := range map[string]struct {
		reason guard.Reason
		want   string
	}{
		"no error code without a token":        {guard.TokenAbsent, `Bearer realm="demo"`},
		"no error code for an address":         {guard.AddressNotAllowed, `Bearer realm="demo"`},
		"invalid_token for a dead one":         {guard.TokenExpired, `Bearer realm="demo", error="invalid_token", error_description="The access token has expired."`},
		"invalid_request for two":              {guard.TokenRepeated, `Bearer realm="demo", error="invalid_request", error_description="The request carries more than one access token."`},
		"the scope where that is what lacks":   {guard.ScopeMissing, `Bearer realm="demo", error="insufficient_scope", error_description="The access token lacks the scope that the operation needs.", scope="api:client:v2 admin"`},
		"no scope where none would help":       {guard.ChannelNotAssigned, `Bearer realm="demo", error="insufficient_scope", error_description="The application is not assigned to the channel."`},
		"nothing where the token is no matter": {guard.TargetAmbiguous, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := answer(http.MethodGet, "/a", "", plugins.OAuthJSON, full(c.reason))
			assert.Equal(t, c.want, w.Header().Get("WWW-Authenticate"))
		})
	}
}

func TestTheCodeOfAMissingParameterIsTheDocumentedOne(t *testing.T) {
	w := answer(http.MethodGet, "/a", "", plugins.Enhanced, full(guard.ParameterMissing))
	assert.Contains(t, w.Body.String(), `"code":"invalid_parameter_mvpd"`)
	w = answer(http.MethodGet, "/a", "", plugins.Enhanced, full(guard.TokenRepeated))
	assert.NotContains(t, w.Body.String(), "mvpd")
	for name, missing := range map[string]*plugins.Parameter{"no parameter": nil, "no code": {Name: "mvpd"}} {
		w = answer(http.MethodGet, "/a", "", plugins.Enhanced, Refusal{Reason: guard.ParameterMissing, Missing: missing})
		assert.Contains(t, w.Body.String(), `"code":"invalid_request"`, name)
	}
}

func TestThePauseIsSpread(t *testing.T) {
	for name, c := range map[string]struct {
		base, usual time.Duration
		random      float64
		want        string
	}{
		"at least the base":            {10 * time.Second, time.Second, 0, "10"},
		"at most three times the base": {10 * time.Second, time.Second, 0.999999, "30"},
		"in between":                   {10 * time.Second, time.Second, 0.25, "15"},
		"around the usual":             {0, 5 * time.Second, 0.5, "10"},
		"in whole seconds, rounded up": {100 * time.Millisecond, time.Second, 0.5, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, pause(c.base, c.usual, c.random))
		})
	}
	seen := map[string]bool{}
	for range 200 {
		w := httptest.NewRecorder()
		Write(w, httptest.NewRequest(http.MethodGet, "/a", nil), plugins.Enhanced, Refusal{Reason: guard.StateUnavailable, RetryAfter: time.Minute})
		seen[w.Header().Get("Retry-After")] = true
	}
	assert.Greater(t, len(seen), 10)
}

func TestAThrottledDeviceIsToldTheTimeAndNoMore(t *testing.T) {
	for range 50 {
		w := httptest.NewRecorder()
		Write(w, httptest.NewRequest(http.MethodGet, "/a", nil), plugins.Enhanced, Refusal{Reason: guard.Throttled, RetryAfter: 1500 * time.Millisecond})
		assert.Equal(t, "2", w.Header().Get("Retry-After"))
	}
}

func TestWhatAClientSentCannotBreakOutOfTheBody(t *testing.T) {
	ref := Refusal{Reason: guard.ParameterMissing, Missing: &plugins.Parameter{Code: `</code>"<script>`}, Trace: `"</trace><x>`}
	w := answer(http.MethodGet, "/a", "", plugins.Enhanced, ref)
	assert.NotContains(t, w.Body.String(), "<")
	require.True(t, json.Valid(w.Body.Bytes()))

	w = answer(http.MethodGet, "/a.xml", "", plugins.EnhancedXML, ref)
	var object enhancedError
	require.NoError(t, xml.Unmarshal(w.Body.Bytes(), &object))
	assert.Equal(t, ref.Trace, object.Trace)
	assert.Equal(t, ref.Missing.Code, string(object.Code))
}

func BenchmarkWrite(b *testing.B) {
	r := httptest.NewRequest(http.MethodGet, "/a", nil)
	for _, style := range plugins.ErrorStyles {
		b.Run(string(style), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Write(httptest.NewRecorder(), r, style, full(guard.TokenAbsent))
			}
		})
	}
}
