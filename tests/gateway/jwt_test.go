package gateway

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// parts decodes a JWT's header and claims without checking anything.
func parts(t *testing.T, token string) (header, claims map[string]any) {
	t.Helper()
	segments := strings.Split(token, ".")
	require.Len(t, segments, 3, "want a compact JWS, got %q", token)
	for i, into := range []*map[string]any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(segments[i])
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, into))
	}
	return header, claims
}

// statementID is the id under which a statement of ours can be revoked.
func statementID(t *testing.T, statement string) string {
	t.Helper()
	_, claims := parts(t, statement)
	id, _ := claims["jti"].(string)
	require.NotEmpty(t, id, "a statement of ours carries its id")
	return id
}
