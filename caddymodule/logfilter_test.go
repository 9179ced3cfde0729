package caddymodule

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/logging"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

const (
	aSecret = "dcrs_Ab-3_defGHIjkl0123456789mnopQRSTUVwxyz01234"
	aToken  = "dcrt_Zy-9_defGHIjkl0123456789mnopQRSTUVwxyz01234"
	aJWT    = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl-_0"
)

func TestRedactTakesOutSecretsAndLeavesTheRest(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"nothing to hide", "/api/v2/REF30/sessions?mvpd=Acme&n=1%202", "/api/v2/REF30/sessions?mvpd=Acme&n=1%202"},
		{"empty", "", ""},
		{"a host in a URL", "https://sp.auth.example.com/o/client/token?x=a.b.c", "https://sp.auth.example.com/o/client/token?x=a.b.c"},
		{"our own directives", "dcr_guard dcr_proxy dcr_secrets", "dcr_guard dcr_proxy dcr_secrets"},
		{"a name without value", "/x?access_token", "/x?access_token"},
		{"a path that is called like a parameter", "/o/client/access_token/list?a=1", "/o/client/access_token/list?a=1"},
		{"the client's id is no secret", "/x?client_id=897029da-2b35-429e-ad45-6f6bf5de7a95", "/x?client_id=897029da-2b35-429e-ad45-6f6bf5de7a95"},

		{"a token in the query", "/esm/v3/x?access_token=s3cr3t&format=json", "/esm/v3/x?access_token=REDACTED&format=json"},
		{"credentials in the query", "/o/client/token?grant_type=client_credentials&client_id=7&client_secret=s3cr3t", "/o/client/token?grant_type=client_credentials&client_id=7&client_secret=REDACTED"},
		{"a client assertion", "?client_assertion=s3cr3t&a=b", "?client_assertion=REDACTED&a=b"},
		{"a statement", "?software_statement=s3cr3t&a=b", "?software_statement=REDACTED&a=b"},
		{"a signed requestor id", "?requestor_id=REF30&signed_requestor_id=ab/cd+ef==", "?requestor_id=REF30&signed_requestor_id=REDACTED"},
		{"a token to revoke", "token=s3cr3t&token_type_hint=access_token", "token=REDACTED&token_type_hint=access_token"},
		{"an empty value", "?access_token=&a=b", "?access_token=REDACTED&a=b"},
		{"each of several", "?access_token=s3cr3t&access_token=s3cr3t&a=b", "?access_token=REDACTED&access_token=REDACTED&a=b"},

		{"a name in capitals", "?ACCESS_TOKEN=s3cr3t", "?ACCESS_TOKEN=REDACTED"},
		{"a name in camel case", "?accessToken=s3cr3t", "?accessToken=REDACTED"},
		{"an escaped name", "?%61ccess%5ftoken=s3cr3t&a=b", "?%61ccess%5ftoken=REDACTED&a=b"},
		{"a name escaped through and through", "?" + escapeAll("client_secret") + "=s3cr3t", "?" + escapeAll("client_secret") + "=REDACTED"},
		{"a name escaped twice", "?%2561ccess_token=s3cr3t", "?%2561ccess_token=REDACTED"},
		{"a name that equals it when folded", "?acce\u017fs_token=s3cr3t", "?acce\u017fs_token=REDACTED"},
		{"a name in brackets", "?auth[access_token]=s3cr3t", "?auth[access_token]=REDACTED"},
		{"a list", "?access_token[]=s3cr3t", "?access_token[]=REDACTED"},
		{"a name with spaces", "?+access_token%20=s3cr3t", "?+access_token%20=REDACTED"},
		{"a name after a semicolon", "?a=b;access_token=s3cr3t", "?a=b;access_token=REDACTED"},
		{"a fragment", "/x#access_token=s3cr3t", "/x#access_token=REDACTED"},
		{"a value with delimiters", "?access_token=s3;cr/3#t x\"y&a=b", "?access_token=REDACTED&a=b"},
		{"a value that is a pair", "?x=access_token=s3cr3t", "?x=access_token=REDACTED"},
		{"an escaped equals sign", "?access_token%3Ds3cr3t&a=b", "?REDACTED&a=b"},
		{"a malformed escape in the name", "?access%_token=s3cr3t", "?access%_token=REDACTED"},

		{"a URL within", "?redirect_url=https%3A%2F%2Fx%2F%3Faccess_token%3Ds3cr3t&a=b", "?redirect_url=REDACTED&a=b"},
		{"a harmless URL within", "?redirect_url=https%3A%2F%2Fx%2F%3Fa%3Db&a=b", "?redirect_url=https%3A%2F%2Fx%2F%3Fa%3Db&a=b"},
		{"a harmless text that was encoded five times", "?a=%" + strings.Repeat("25", 4) + "41&b=c", "?a=%2525252541&b=c"},
		{"a text that was encoded more often", "?a=%" + strings.Repeat("25", 5) + "41&b=c", "?a=REDACTED&b=c"},

		{"a secret in the path", "/x/" + aSecret + "/y", "/x/REDACTED/y"},
		{"a token in any parameter", "?x=" + aToken + "&a=b", "?x=REDACTED&a=b"},
		{"a JWT in any parameter", "?x=" + aJWT + "&a=b", "?x=REDACTED&a=b"},
		{"a JWT that was cut off", "?x=" + aJWT[:30], "?x=REDACTED"},
		{"a JWT whose header has spaces", "eyAiYWxnIjoiSFMyNTYifQ.e30.eA", "REDACTED"},
		{"a JWE", aJWT + ".eA.eA", "REDACTED"},
		{"a header's value", "Bearer " + aJWT, "Bearer REDACTED"},
		{"an error's text", `parse "/x?a=` + aToken + `": bad`, `parse "/x?a=REDACTED": bad`},
		{"a JWT with escaped dots", "?x=" + strings.ReplaceAll(aJWT, ".", "%2E") + "&a=b", "?x=REDACTED&a=b"},
		{"a token that is partly escaped", "?x=" + strings.Replace(aToken, "d", "%64", 1) + "&a=b", "?x=REDACTED&a=b"},
		{"a token whose tail is escaped", "?x=" + aToken[:20] + "%41" + aToken[20:] + "&a=b", "?x=REDACTED&a=b"},
		{"a token behind what looks like an escape", "?x=%" + aToken, "?x=%REDACTED"},
		{"the same, escaped", "?x=%25dc%72t_abcdef&a=b", "?x=REDACTED&a=b"},
		{"an escaped token in the path", "/x/%64crt_abcdef/y?a=1&b=2", "/x/REDACTED&b=2"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, redact(c.in))
			assert.Equal(t, c.want, redact(c.want), "what was redacted stays as it is")
		})
	}
}

func escapeAll(text string) string {
	const digits = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(text) {
		out.Write([]byte{'%', digits[text[i]>>4], digits[text[i]&15]})
	}
	return out.String()
}

// textList is what Caddy logs a header's values as.
type textList []string

func (l textList) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	for _, text := range l {
		enc.AppendString(text)
	}
	return nil
}

type textObject map[string]textList

func (o textObject) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	for name, list := range o {
		if err := enc.AddArray(name, list); err != nil {
			return err
		}
	}
	return nil
}

func TestEveryKindOfFieldIsFiltered(t *testing.T) {
	inUse := map[string]any{"a": []any{aToken, 1}}
	cases := []struct {
		name  string
		field zapcore.Field
		want  any
	}{
		{"a text", zap.String("f", "?access_token=s3cr3t"), "?access_token=REDACTED"},
		{"bytes", zap.ByteString("f", []byte("x "+aToken)), "x REDACTED"},
		{"a list", zap.Array("f", textList{"a", aToken}), []any{"a", "REDACTED"}},
		{"a list of strings", zap.Strings("f", []string{"a", aToken}), []any{"a", "REDACTED"}},
		{
			"headers", zap.Object("f", textObject{"Referer": {"https://x/?access_token=s3cr3t"}, "Apikey": {"s3cr3t"}}),
			map[string]any{"Referer": []any{"https://x/?access_token=REDACTED"}, "Apikey": []any{"REDACTED"}},
		},
		{"an error", zap.NamedError("f", errors.New("with "+aSecret)), "with REDACTED"},
		{"a stringer", zap.Stringer("f", &url.URL{Path: "/x", RawQuery: "client_secret=s3cr3t"}), "/x?client_secret=REDACTED"},
		{"an object in use", zap.Any("f", inUse), map[string]any{"a": []any{"REDACTED", 1}}},
		{
			"a struct", zap.Reflect("f", struct{ Token, Note string }{"s3cr3t", "x " + aToken}),
			map[string]any{"Token": "REDACTED", "Note": "x REDACTED"},
		},
		{"a large number in a struct", zap.Reflect("f", struct{ N int64 }{1<<62 + 1}), map[string]any{"N": json.Number("4611686018427387905")}},
		{"what cannot be shown", zap.Reflect("f", func() {}), "REDACTED"},
		{"nothing", zap.Reflect("f", nil), nil},
		{"a number", zap.Int("f", 7), int64(7)},
		{"a duration", zap.Duration("f", time.Second), time.Second},
		{"a flag", zap.Bool("f", true), true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			enc := zapcore.NewMapObjectEncoder()
			new(SecretsFilter).Filter(c.field).AddTo(enc)
			assert.Equal(t, c.want, enc.Fields["f"])
		})
	}
	assert.Equal(t, map[string]any{"a": []any{aToken, 1}}, inUse, "what was logged is not changed")
}

// encode writes one log line through Caddy's filter encoder, set up by a
// Caddyfile.
func encode(t *testing.T, config string, fields ...zapcore.Field) string {
	t.Helper()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	t.Cleanup(cancel)
	unmarshalled := new(logging.FilterEncoder)
	require.NoError(t, unmarshalled.UnmarshalCaddyfile(caddyfile.NewTestDispenser(config)))
	// As Caddy does: from the Caddyfile to JSON, and from there to the modules.
	text, err := json.Marshal(unmarshalled)
	require.NoError(t, err)
	encoder := new(logging.FilterEncoder)
	require.NoError(t, json.Unmarshal(text, encoder))
	require.NoError(t, encoder.Provision(ctx))
	line, err := encoder.EncodeEntry(zapcore.Entry{Message: "handled request"}, fields)
	require.NoError(t, err)
	return line.String()
}

type loggedRequest struct {
	uri     string
	headers textObject
}

func (r loggedRequest) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("uri", r.uri)
	return enc.AddObject("headers", r.headers)
}

func TestTheFilterWorksInCaddysEncoder(t *testing.T) {
	line := encode(t, `filter {
		wrap json
		request>uri dcr_secrets
		request>headers dcr_secrets
	}`, zap.Object("request", loggedRequest{
		uri:     "/esm/v3/x?access_token=s3cr3t&format=json",
		headers: textObject{"Referer": {"/y?client_secret=s3cr3t"}, "Accept": {"*/*"}},
	}))
	var logged struct {
		Request struct {
			URI     string
			Headers map[string][]string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(line), &logged), line)
	assert.Equal(t, "/esm/v3/x?access_token=REDACTED&format=json", logged.Request.URI)
	assert.Equal(t, map[string][]string{"Referer": {"/y?client_secret=REDACTED"}, "Accept": {"*/*"}}, logged.Request.Headers)
	assert.NotContains(t, line, "s3cr3t")
}

func TestTheFilterTakesNoOptions(t *testing.T) {
	cases := []struct{ name, config, want string }{
		{"an argument", "filter {\n request>uri dcr_secrets all\n}", "wrong argument count"},
		{"a block", "filter {\n request>uri dcr_secrets {\n replace x\n }\n}", `dcr_secrets has no options, got "replace"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := new(logging.FilterEncoder).UnmarshalCaddyfile(caddyfile.NewTestDispenser(c.config))
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func FuzzRedact(f *testing.F) {
	for _, seed := range [][2]string{
		{"", ""},
		{"/api/v2/x", "&a=b"},
		{"/x?a=%", "%41"},
		{"/x?a=b;", ";c=d"},
		{"%25dc%72t_", "%2E%2E"},
		{"https://x/?redirect_url=https%3A%2F%2Fy%3F", "#z"},
		{"?access_token%3D", "=&"},
		{"%252525252525252541", "%"},
		{"\xff\x00 \u212a", "\u017f"},
	} {
		f.Add(seed[0], seed[1])
	}
	// It has no shape of its own, so only its parameter's name gives it away.
	const nameless = "qQ7~s3cr3t~Qq7"
	f.Fuzz(func(t *testing.T, before, after string) {
		for _, text := range []string{
			before + "?access_token=" + nameless + after,
			before + "&Client%5FSecret=" + nameless + after,
			before + "?u=https%3A%2F%2Fx%2F%3Faccess_token%3D" + nameless + after,
		} {
			assertHides(t, text, nameless)
		}
		for _, shaped := range []string{aSecret, aToken, aJWT} {
			assertHides(t, before+shaped+after, shaped)
			assertHides(t, before+"/"+escapeAll(shaped)+after, shaped)
		}
		// The short cut takes none that the long way would not.
		require.Equal(t, secretShape.ReplaceAllLiteralString(before+after, redacted), redactShapes(before+after))
	})
}

func assertHides(t *testing.T, text, secret string) {
	t.Helper()
	out := redact(text)
	shown, _ := decodings(out)
	for _, view := range append(shown, out) {
		if strings.Contains(view, secret) {
			t.Errorf("%q became %q, which shows %q", text, out, view)
		}
	}
	if again := redact(out); again != out {
		t.Errorf("%q became %q, and then %q", text, out, again)
	}
}

func BenchmarkRedact(b *testing.B) {
	const plain = "/api/v2/REF30/sessions/AbCdEf1?mvpd=Acme&deviceId=b9b0a5a2&format=json"
	for name, text := range map[string]string{
		"nothing to hide": plain, "a token": plain + "&access_token=" + aJWT, "escaped": plain + "&redirect_url=https%3A%2F%2Fx%2Fy",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				redact(text)
			}
		})
	}
}
