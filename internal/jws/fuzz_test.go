package jws_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/jws/jwstest"
)

// FuzzRead holds that whatever is read is read alike by golang-jwt, and that
// the text is the only one for its bytes. The header and the claims are fuzzed
// inside a well-signed text as well.
func FuzzRead(f *testing.F) {
	secret, err := jws.NewKey("k", jws.HS256, []byte(strings.Repeat("s", 32)))
	require.NoError(f, err)
	good := jwstest.Good{
		Key: secret, Other: secret,
		Header: jwstest.Members("alg", `"HS256"`, "kid", `"k"`),
		Claims: jwstest.Members("iss", `"us"`, "exp", "1764003600"),
	}
	f.Add(good.Raw(), good.Header.String(), good.Claims.String())
	for _, forgery := range good.Forgeries() {
		if len(forgery.Raw) < 1000 {
			f.Add(forgery.Raw, `{"alg":"HS256","typ":"JWT"}`, `{"iat":1764000000.5}`)
		}
	}
	f.Fuzz(func(t *testing.T, raw, header, claims string) {
		if len(header)+len(claims) < jws.MaxSize/2 {
			examine(t, secret, jwstest.Compact(secret, header, claims))
		}
		examine(t, secret, raw)
	})
}

func examine(t *testing.T, k *jws.Key, raw string) {
	m, err := jws.Read(raw)
	if err != nil {
		require.ErrorIs(t, err, jws.ErrMalformed)
		return
	}
	theirs := jwt.MapClaims{}
	parser := jwt.NewParser(jwt.WithJSONNumber())
	token, parts, err := parser.ParseUnverified(raw, theirs)
	require.NoError(t, err)
	require.Equal(t, m.Input(), parts[0]+"."+parts[1])
	require.Equal(t, token.Header["alg"], string(m.Header.Algorithm))
	for name := range m.Claims.Names() {
		require.Contains(t, theirs, name)
	}
	again, err := json.Marshal(theirs)
	require.NoError(t, err)
	require.NotEmpty(t, again)
	if v, err := m.Validity(); err == nil && !v.ExpiresAt.IsZero() {
		exp, err := theirs.GetExpirationTime()
		require.NoError(t, err)
		require.Equal(t, exp.Unix(), v.ExpiresAt.Unix())
	}
	if m.Verify(k) == nil {
		require.Equal(t, raw, m.Input()+"."+jwstest.Encode(string(jwstest.Sign(k, m.Input()))), "one text for each message")
	}
}
