package hardening

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/jws/jwstest"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
	"github.com/caddy-dcr/caddy-dcr/tests/hardening/rawhttp"
)

const (
	issuer    = "https://localhost"
	declared  = "897029da-2b35-429e-ad45-6f6bf5de7a95"
	statement = "0e4d1f6e-5d3c-4c0e-9d0a-6a2a3c1b2f10"
)

// kinds are algorithms of each kind.
var kinds = []jws.Algorithm{jws.HS256, jws.EdDSA, jws.ES256, jws.RS256}

// declaration is the application that the forged statements and tokens are of.
const declaration = `application demo {
			id ` + declared + `
			programmer Demo
			channels ` + channel + `
			platforms all
			scopes api:client:v2 api:client:sdk
		}
`

// openWorld is a gateway whose own keys the test has, as nobody should: so
// nothing but the reading stands between a forgery and being believed.
func openWorld(t *testing.T) *world {
	t.Helper()
	// What is forged here in a moment would use the account of this address up.
	options := declaration + "\t\tforgeries off\n"
	for _, alg := range kinds {
		if !alg.Symmetric() {
			options += trust(t, "auth."+strings.ToLower(string(alg))+".example", jwstest.Key(t, "partner's", alg))
		}
	}
	w := newWorld(t, settings{options: options})
	w.Stop()
	store, err := boltstore.Open(filepath.Join(w.Dir, "dcr", "dcr.db"))
	require.NoError(t, err)
	for i, alg := range kinds {
		addKey(t, state.Records{Store: store}, state.KeyForTokens, uint32(i+2), jwstest.Key(t, "token", alg))
	}
	addKey(t, state.Records{Store: store}, state.KeyForStatements, 2, jwstest.Key(t, "statement", jws.RS256))
	require.NoError(t, store.Close())
	w.Run()
	return w
}

func addKey(t *testing.T, records state.Records, use state.KeyUse, generation uint32, key *jws.Key) {
	t.Helper()
	material, err := key.Marshal()
	require.NoError(t, err)
	now := time.Now().Add(-time.Minute).UnixMilli()
	_, err = records.AddSigningKey(t.Context(), state.SigningKey{
		Use: use, Generation: generation, ID: key.Thumbprint(), Algorithm: string(key.Algorithm()), Material: material, CreatedAt: now, SignsFrom: now,
	})
	require.NoError(t, err)
}

// trust is the option that believes statements of the key.
func trust(t *testing.T, name string, key *jws.Key) string {
	t.Helper()
	set, err := jws.JWKS([]*jws.Key{jwstest.Public(t, key, "")})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "keys.json")
	require.NoError(t, os.WriteFile(file, set, 0o600))
	return fmt.Sprintf("\t\ttrusted_issuer %s {\n\t\t\tkey %s\n\t\t\talgorithm %s\n\t\t}\n", name, file, key.Algorithm())
}

func quoted(text string) string { return `"` + text + `"` }

// goodToken is an access token of the gateway's, in parts.
func goodToken(t *testing.T, alg jws.Algorithm) jwstest.Good {
	t.Helper()
	key := jwstest.Key(t, "token", alg)
	now := time.Now().Truncate(time.Second).Add(-time.Second)
	seconds := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	client := quoted(uuid.NewString())
	return jwstest.Good{
		Key: key, Other: jwstest.Key(t, "other", alg),
		Header: jwstest.Members("alg", quoted(string(alg)), "typ", `"at+jwt"`, "kid", quoted(key.Thumbprint())),
		Claims: jwstest.Members("iss", quoted(issuer), "sub", client, "client_id", client, "aud", quoted(issuer),
			"iat", seconds(0), "nbf", seconds(0), "exp", seconds(time.Hour), "jti", quoted(uuid.NewString()), "scope", `"api:client:v2 api:client:sdk"`,
			"app", quoted(declared), "stm", quoted(statement), "plt", `"Android"`, "cia", seconds(0)+"000", "iam", seconds(0)+"000"),
		Required: []string{"iss", "sub", "client_id", "aud", "iat", "nbf", "exp", "jti", "app", "stm", "cia", "iam"},
	}
}

// goodStatements are statements that the gateway believes, in parts.
func goodStatements(t *testing.T) map[string]jwstest.Good {
	t.Helper()
	now := strconv.FormatInt(time.Now().Add(-time.Second).Unix(), 10)
	own := jwstest.Key(t, "statement", jws.RS256)
	all := map[string]jwstest.Good{"ours": {
		Key: own, Other: jwstest.Key(t, "other", jws.RS256),
		Header:   jwstest.Members("alg", `"RS256"`, "typ", `"software-statement+jwt"`, "kid", quoted(own.Thumbprint())),
		Claims:   jwstest.Members("iss", quoted(issuer), "sub", quoted(declared), "aud", quoted(issuer), "iat", now, "nbf", now, "jti", quoted(statement)),
		Required: []string{"iss", "sub", "aud", "iat", "nbf", "jti"},
	}}
	for _, alg := range kinds {
		if alg.Symmetric() {
			continue
		}
		all["a partner's, "+string(alg)] = jwstest.Good{
			Key: jwstest.Key(t, "partner's", alg), Other: jwstest.Key(t, "other", alg),
			Header:   jwstest.Members("alg", quoted(string(alg))),
			Claims:   jwstest.Members("sub", quoted(declared), "nbf", now, "iss", quoted("auth."+strings.ToLower(string(alg))+".example"), "iat", now),
			Required: []string{"iss", "sub", "iat", "nbf"},
		}
	}
	return all
}

// bearerForm is what a token in a header may consist of (RFC 6750 section 2.1).
var bearerForm = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)

// sendable says whether an HTTP library would send the text in a header.
func sendable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

func TestNoForgedTokenOpensAnything(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	listener := jwstest.Listen(t)
	count := 0
	for _, alg := range kinds {
		t.Run(string(alg), func(t *testing.T) {
			g := goodToken(t, alg)
			g.URL = listener.URL
			open := func(what string) {
				require.Equal(t, http.StatusOK, w.Do(http.MethodGet, v2Call, "", "Authorization: Bearer "+g.Raw()).Status, what)
			}
			open("before all forgeries")
			w.forget()
			for _, f := range g.Forgeries() {
				w.refuseToken(t, f)
				count++
			}
			w.untouched(t)
			open("after all forgeries")
		})
	}
	listener.Untouched()
	t.Logf("%d forged tokens", count)
	assert.Greater(t, count, 2000)
}

// blanks around a token are no part of it (RFC 9110 section 5.5).
var blanks = map[string]bool{"text: a space in front": true, "text: a space at the end": true, "text: a tab at the end": true}

// refuseToken holds that a token is refused as documented, by APIs of both
// styles and by the client endpoints, and so again.
func (w *world) refuseToken(t *testing.T, f jwstest.Forgery) {
	t.Helper()
	line := "Authorization: Bearer " + f.Raw
	switch {
	case blanks[f.Name]:
		return
	case !sendable(f.Raw):
		// In HTTP/1.1 a line break ends the header; the others could carry one.
		for _, p := range rawhttp.Protocols[1:] {
			answer := w.get(t, p, v2Call, line)
			assert.Contains(t, []int{http.StatusBadRequest, http.StatusUnauthorized, noAnswer}, answer.Status, "%s over %s", f.Name, p.Name)
		}
		return
	}
	status, code, oauth := http.StatusUnauthorized, "invalid_access_token", "access_denied"
	if !bearerForm.MatchString(f.Raw) {
		status, code, oauth = http.StatusBadRequest, "invalid_request", "invalid_request"
	}
	for range 2 {
		answer := w.Do(http.MethodGet, v2Call, "", line)
		if assert.Equal(t, status, answer.Status, "%s: %s", f.Name, answer.Body) {
			assert.Equal(t, code, answer.JSON(t)["code"], f.Name)
			assert.Regexp(t, "^Bearer", answer.Header.Get("WWW-Authenticate"), f.Name)
		}
		answer = w.Do(http.MethodPost, sdkCall, "", line)
		if assert.Equal(t, status, answer.Status, "%s: %s", f.Name, answer.Body) {
			assert.Equal(t, oauth, answer.JSON(t)["error"], f.Name)
		}
	}
	assert.Equal(t, status, w.Do(http.MethodPost, "/o/client/validate", "", line).Status, f.Name)
}

func TestNoForgedStatementRegisters(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	listener := jwstest.Listen(t)
	count := 0
	for name, g := range goodStatements(t) {
		t.Run(name, func(t *testing.T) {
			g.URL = listener.URL
			w.Register(g.Raw())
			for _, f := range g.Telling() {
				w.refuseStatement(t, f)
				count++
			}
			w.Register(g.Raw())
		})
	}
	listener.Untouched()
	t.Logf("%d forged statements", count)
	assert.Greater(t, count, 2000)
}

func (w *world) refuseStatement(t *testing.T, f jwstest.Forgery) {
	t.Helper()
	want := "invalid_software_statement"
	if f.Raw == "" {
		want = "invalid_request" // as one that is not there
	}
	body, err := json.Marshal(map[string]string{"software_statement": f.Raw})
	require.NoError(t, err)
	for range 2 {
		answer := w.PostRegister(string(body))
		if assert.Equal(t, http.StatusBadRequest, answer.Status, "%s: %s", f.Name, answer.Body) {
			assert.Equal(t, want, answer.JSON(t)["error"], f.Name)
			assert.NotContains(t, answer.Body, "eyJ", f.Name)
		}
	}
}

// What is odd and allowed works all the way, so that the tests above refuse
// faults and not forms.
func TestOddTokensAndStatementsThatAreAllowedWork(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	for _, alg := range kinds {
		for _, v := range goodToken(t, alg).Variants() {
			answer := w.Do(http.MethodGet, v2Call, "", "Authorization: Bearer "+v.Raw)
			assert.Equal(t, http.StatusOK, answer.Status, "%s: %s: %s", alg, v.Name, answer.Body)
		}
	}
	for name, g := range goodStatements(t) {
		for _, v := range g.Variants() {
			body, err := json.Marshal(map[string]string{"software_statement": v.Raw})
			require.NoError(t, err)
			answer := w.PostRegister(string(body))
			assert.Equal(t, http.StatusCreated, answer.Status, "%s: %s: %s", name, v.Name, answer.Body)
		}
	}
}
