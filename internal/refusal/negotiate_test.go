package refusal

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func TestRESTV1AnswersXMLToThoseWhoAskForIt(t *testing.T) {
	for name, c := range map[string]struct {
		target, accept string
		xml            bool
	}{
		"by nothing":                         {"/a", "", false},
		"by a parameter":                     {"/a?format=xml", "", true},
		"by a parameter in upper case":       {"/a?FORMAT=XML", "", true},
		"by an extension":                    {"/a.xml", "", true},
		"by Accept":                          {"/a", "application/xml", true},
		"by Accept in another case":          {"/a", "Application/XML", true},
		"by Accept, as text":                 {"/a", "text/xml;charset=utf-8", true},
		"by a parameter against the rest":    {"/a.json?format=xml", "application/json", true},
		"by an extension against Accept":     {"/a.xml", "application/json", true},
		"but not by a parameter for JSON":    {"/a.xml?format=json", "application/xml", false},
		"but not by an extension for JSON":   {"/a.json", "application/xml", false},
		"but not by Accept for anything":     {"/a", "*/*", false},
		"but not by Accept for a browser":    {"/a", "text/html, application/xhtml+xml", false},
		"but not when JSON is preferred":     {"/a", "application/xml;q=0.5, application/json", false},
		"but not when JSON comes first":      {"/a", "application/json, application/xml", false},
		"when XML comes first":               {"/a", "application/xml, application/json", true},
		"when XML is preferred":              {"/a", "application/json;q=0.8, application/xml;q=0.9", true},
		"but not when it is ruled out":       {"/a", "application/xml;q=0", false},
		"but not by a weight that is none":   {"/a", "application/xml;q=x", false},
		"but not by a weight out of range":   {"/a", "application/xml;q=7", false},
		"but not by a weight of no number":   {"/a", "application/xml;q=NaN", false},
		"but not by XML inside a longer one": {"/a", "application/xml-dtd", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := answer(http.MethodGet, c.target, c.accept, plugins.EnhancedXML, full(guard.TokenAbsent))
			want := jsonType
			if c.xml {
				want = xmlType
			}
			assert.Equal(t, want, w.Header().Get("Content-Type"))
			for _, style := range []plugins.ErrorStyle{plugins.Enhanced, plugins.OAuthJSON} {
				w = answer(http.MethodGet, c.target, c.accept, style, full(guard.TokenAbsent))
				assert.Equal(t, jsonType, w.Header().Get("Content-Type"), "the other styles have no XML")
			}
		})
	}
}

func TestANavigationIsSentBackWithTheError(t *testing.T) {
	for name, c := range map[string]struct{ to, want string }{
		"to a plain URL":               {"https://app.example.com", "https://app.example.com?error=access_denied"},
		"to a path":                    {"https://app.example.com/back", "https://app.example.com/back?error=access_denied"},
		"to an empty query":            {"https://app.example.com/?", "https://app.example.com/?error=access_denied"},
		"beside a query":               {"https://app.example.com/?a=%2F&b=", "https://app.example.com/?a=%2F&b=&error=access_denied"},
		"before a fragment":            {"https://app.example.com/?a=b#top", "https://app.example.com/?a=b&error=access_denied#top"},
		"in place of another error":    {"https://app.example.com/?error=none&a=b&%65rror=x", "https://app.example.com/?a=b&error=access_denied"},
		"to a custom scheme":           {"adbe.AbC-_123://callback", "adbe.AbC-_123://callback?error=access_denied"},
		"to a scheme without a host":   {"com.example:/back", "com.example:/back?error=access_denied"},
		"to a scheme without a path":   {"com.example:back", "com.example:back?error=access_denied"},
		"to a scheme without anything": {"com.adobe://", "com.adobe://?error=access_denied"},
	} {
		t.Run(name, func(t *testing.T) {
			ref := full(guard.TokenExpired)
			ref.RedirectTo = c.to
			w := answer(http.MethodGet, "/a", "", plugins.OAuthJSON, ref)
			assert.Equal(t, http.StatusFound, w.Code)
			assert.Equal(t, c.want, w.Header().Get("Location"))
			assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			assert.Equal(t, trace, w.Header().Get(TraceHeader))
			assert.Empty(t, w.Body.String())
		})
	}
}

func TestANavigationStaysWhereThereIsNoSenseInARedirect(t *testing.T) {
	for name, c := range map[string]struct {
		reason guard.Reason
		to     string
		status int
	}{
		"without a URL":                {guard.TokenExpired, "", 401},
		"with a URL that is none":      {guard.TokenExpired, "app.example.com/?a=b:c", 401},
		"with a line break":            {guard.TokenExpired, "https://app.example.com/\r\nX: y", 401},
		"with a blank":                 {guard.TokenExpired, "https://app.example.com/ x", 401},
		"without a scheme":             {guard.TokenExpired, "://app.example.com/", 401},
		"with a relative URL":          {guard.TokenExpired, "//evil.example.com/", 401},
		"with a malformed request":     {guard.TargetAmbiguous, "https://app.example.com/", 400},
		"with an unknown operation":    {guard.RouteUnknown, "https://app.example.com/", 404},
		"when the device is throttled": {guard.Throttled, "https://app.example.com/", 429},
	} {
		t.Run(name, func(t *testing.T) {
			ref := full(c.reason)
			ref.RedirectTo = c.to
			w := answer(http.MethodGet, "/a", "", plugins.OAuthJSON, ref)
			assert.Equal(t, c.status, w.Code)
			assert.Empty(t, w.Header().Get("Location"))
		})
	}
}
