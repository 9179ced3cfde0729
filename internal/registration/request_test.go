package registration

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

func request(contentType, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/o/client/register", strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func TestReadRequestAccepts(t *testing.T) {
	cases := []struct {
		name, contentType, body string
		redirects               []string
	}{
		{"a statement alone", "application/json", `{"software_statement":"s"}`, nil},
		{"a charset", "application/json; charset=utf-8", `{"software_statement":"s"}`, nil},
		{"a charset without a space, in capitals", "Application/JSON;charset=UTF-8", `{"software_statement":"s"}`, nil},
		{"a redirect URI", "application/json", `{"software_statement":"s","redirect_uri":"https://adobe.com/"}`, []string{"https://adobe.com/"}},
		{"an empty redirect URI, which is none", "application/json", `{"software_statement":"s","redirect_uri":""}`, nil},
		{"redirect URIs of RFC 7591", "application/json", `{"software_statement":"s","redirect_uris":["a:","b:"]}`, []string{"a:", "b:"}},
		{"no redirect URIs of RFC 7591", "application/json", `{"software_statement":"s","redirect_uris":[],"redirect_uri":"a:"}`, []string{"a:"}},
		{"metadata of RFC 7591, which the statement overrules", "application/json", `{"software_statement":"s","client_name":"x","grant_types":["password"],"scope":"everything","token_endpoint_auth_method":"none","jwks":{"keys":[]},"logo_uri":"http://127.0.0.1/"}`, nil},
		{"an id and a secret of the client's choice", "application/json", `{"software_statement":"s","client_id":"mine","client_secret":"mine"}`, nil},
		{"what nobody has heard of", "application/json", `{"software_statement":"s","x":{"y":[1,null]}}`, nil},
		{"spaces and escapes", "application/json", " {\r\n\"software\\u005fstatement\" : \"\\u0073\" } ", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			q, err := ReadRequest(request(c.contentType, c.body), wire.Adobe)
			require.NoError(t, err)
			assert.Equal(t, Request{Statement: "s", RedirectURIs: c.redirects, Device: device.Info{Platform: device.Other}, DeviceSource: device.FromNothing}, q)
		})
	}
}

func TestReadRequestRefuses(t *testing.T) {
	const good = `{"software_statement":"s"}`
	deep := strings.Repeat(`{"a":`, 16) + "1" + strings.Repeat("}", 16)
	cases := []struct{ name, contentType, body string }{
		{"nothing", "application/json", ""},
		{"no type", "", good},
		{"a form", "application/x-www-form-urlencoded", "software_statement=s"},
		{"a form's type", "application/x-www-form-urlencoded", good},
		{"text", "text/plain", good},
		{"a type that begins alike", "application/jsonp", good},
		{"no statement", "application/json", `{}`},
		{"an empty statement", "application/json", `{"software_statement":""}`},
		{"a statement of another type", "application/json", `{"software_statement":["s"]}`},
		{"a null statement", "application/json", `{"software_statement":null}`},
		{"a statement in other case", "application/json", `{"Software_Statement":"s"}`},
		{"two statements", "application/json", `{"software_statement":"s","software_statement":"s"}`},
		{"two statements, one escaped", "application/json", `{"software_statement":"s","software_statemen\u0074":"s"}`},
		{"an unknown member twice", "application/json", `{"software_statement":"s","x":1,"x":1}`},
		{"a redirect URI of another type", "application/json", `{"software_statement":"s","redirect_uri":1}`},
		{"redirect URIs of another type", "application/json", `{"software_statement":"s","redirect_uris":"a:"}`},
		{"redirect URIs of mixed types", "application/json", `{"software_statement":"s","redirect_uris":["a:",1]}`},
		{"both kinds of redirect URI", "application/json", `{"software_statement":"s","redirect_uri":"a:","redirect_uris":["a:"]}`},
		{"too many redirect URIs", "application/json", `{"software_statement":"s","redirect_uris":["a:"` + strings.Repeat(`,"a:"`, 16) + `]}`},
		{"an array", "application/json", `["s"]`},
		{"a string", "application/json", `"s"`},
		{"two objects", "application/json", good + good},
		{"an object cut short", "application/json", good[:20]},
		{"nesting too deep", "application/json", `{"software_statement":"s","x":` + deep + `}`},
		{"broken UTF-8", "application/json", "{\"software_statement\":\"s\xff\"}"},
		{"a byte order mark", "application/json", "\ufeff" + good},
		{"more than 64 KiB", "application/json", `{"software_statement":"` + strings.Repeat("s", maxBody) + `"}`},
		{"more than 64 KiB of spaces", "application/json", good + strings.Repeat(" ", maxBody)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			q, err := ReadRequest(request(c.contentType, c.body), wire.Adobe)
			require.Error(t, err)
			assert.Equal(t, oautherr.InvalidRequest, oautherr.From(err).Code)
			assert.Equal(t, RequestInvalid, OutcomeOf(err))
			assert.Zero(t, q)
		})
	}
}

func TestReadRequestTakesTheTypeOnce(t *testing.T) {
	r := request("application/json", `{"software_statement":"s"}`)
	r.Header.Add("Content-Type", "text/plain")
	_, err := ReadRequest(r, wire.Adobe)
	assert.Equal(t, oautherr.InvalidRequest, oautherr.From(err).Code)
}

func TestReadRequestTakesPOSTOnly(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, "post"} {
		r := request("application/json", `{"software_statement":"s"}`)
		r.Method = method
		_, err := ReadRequest(r, wire.Adobe)
		w := httptest.NewRecorder()
		wire.WriteError(w, r, err)
		assert.Equal(t, http.StatusMethodNotAllowed, w.Code, method)
		assert.Equal(t, http.MethodPost, w.Header().Get("Allow"))
	}
}

func TestReadRequestRefusesABodyThatBreaksOff(t *testing.T) {
	r := request("application/json", "")
	r.Body = io.NopCloser(iotest.ErrReader(errors.New("connection reset")))
	_, err := ReadRequest(r, wire.Adobe)
	assert.Equal(t, oautherr.InvalidRequest, oautherr.From(err).Code)
}

func TestReadRequestLearnsTheDeviceAndNeverFailsAtIt(t *testing.T) {
	for header, want := range map[string]device.Source{
		"": device.FromUserAgent, "???": device.HeaderInvalid,
		base64.StdEncoding.EncodeToString([]byte(`{"model":"x" "osName":"iOS"}`)): device.HeaderInvalid,
		base64.StdEncoding.EncodeToString([]byte(`{"osName":"Android"}`)):         device.FromHeader,
	} {
		r := request("application/json", `{"software_statement":"s"}`)
		r.Header.Set("User-Agent", "Dalvik/2.1.0 (Linux; U; Android 14)")
		if header != "" {
			r.Header.Set("X-Device-Info", header)
		}
		q, err := ReadRequest(r, wire.Adobe)
		require.NoError(t, err)
		assert.Equal(t, device.Android, q.Device.Platform)
		assert.Equal(t, want, q.DeviceSource)
	}
}

// FuzzReadRequest holds that whatever is accepted says the same to the reader
// of the standard library, and that no body is a fault of ours.
func FuzzReadRequest(f *testing.F) {
	f.Fuzz(func(t *testing.T, contentType, body string) {
		q, err := ReadRequest(request(contentType, body), wire.Adobe)
		if err != nil {
			require.Equal(t, oautherr.InvalidRequest, oautherr.From(err).Code)
			require.Zero(t, q)
			return
		}
		var theirs struct {
			Statement string   `json:"software_statement"`
			URI       string   `json:"redirect_uri"`
			URIs      []string `json:"redirect_uris"`
		}
		// The members in other cases would be taken for these as well.
		var exact map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(body), &exact))
		for _, member := range []struct {
			name string
			into any
		}{{"software_statement", &theirs.Statement}, {"redirect_uri", &theirs.URI}, {"redirect_uris", &theirs.URIs}} {
			if value, given := exact[member.name]; given {
				require.NoError(t, json.Unmarshal(value, member.into))
			}
		}
		require.NotEmpty(t, q.Statement)
		require.Equal(t, theirs.Statement, q.Statement)
		if theirs.URI != "" {
			theirs.URIs = append(theirs.URIs, theirs.URI)
		}
		require.ElementsMatch(t, theirs.URIs, q.RedirectURIs)
	})
}
