package kills

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

// issuer is somebody else who signs software statements.
type issuer struct {
	name, file string
	key        *jws.Key
	// at is when the last statement was issued, a second before the one before
	// it: the claims differ in nothing else.
	at int64
}

func newIssuer(t *testing.T, name string) *issuer {
	t.Helper()
	key, err := jws.Generate("", jws.ES256)
	require.NoError(t, err)
	document, err := jws.JWKS([]*jws.Key{key})
	require.NoError(t, err)
	i := &issuer{name: name, file: filepath.Join(t.TempDir(), "keys.json"), key: key, at: time.Now().Unix()}
	require.NoError(t, os.WriteFile(i.file, document, 0o600))
	return i
}

// trust is the option that trusts the issuer.
func (i *issuer) trust() string {
	return fmt.Sprintf("\n\t\ttrusted_issuer %s {\n\t\t\tkey %s\n\t\t\talgorithm ES256\n\t\t}\n", i.name, i.file)
}

// issue signs a statement for an application.
func (i *issuer) issue(t *testing.T, application string) string {
	t.Helper()
	i.at--
	raw, err := i.key.Sign("JWT", map[string]any{"iss": i.name, "sub": application, "iat": i.at, "nbf": i.at})
	require.NoError(t, err)
	return raw
}

// part reads one text of a JWT's header (0) or claims (1) without judging it.
func part(t *testing.T, token string, index int, name string) string {
	t.Helper()
	segments := strings.Split(token, ".")
	require.Len(t, segments, 3)
	text, err := base64.RawURLEncoding.DecodeString(segments[index])
	require.NoError(t, err)
	members := map[string]any{}
	require.NoError(t, json.Unmarshal(text, &members))
	value, _ := members[name].(string)
	require.NotEmpty(t, value, name)
	return value
}

// keyOf is the id of the key that signed a JWT of the gateway's own.
func keyOf(t *testing.T, token string) string { t.Helper(); return part(t, token, 0, "kid") }

// idOf is the id of a statement of the gateway's own.
func idOf(t *testing.T, statement string) string { t.Helper(); return part(t, statement, 1, "jti") }
