package caddymodule

import (
	"crypto/tls"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
)

// everyEndpoint is an issuer that has all that there are, and serves nothing.
func everyEndpoint(t *testing.T) *Issuer {
	t.Helper()
	s := &services{app: &App{Issuer: "https://sp.example.com"}}
	i := &Issuer{services: s, routes: s.endpoints()}
	var err error
	i.standard, err = s.standards("")
	require.NoError(t, err)
	maps.Copy(i.routes, i.standard.endpoints())
	return i
}

// What is sent before the handshake is complete can be sent again by others
// (RFC 8470), and what is sent in the inTheClear can be read.
func TestEveryEndpointWithCredentialsWantsACompleteHandshake(t *testing.T) {
	i := everyEndpoint(t)
	paths := []string{"/oauth2/register/897029da-2b35-429e-ad45-6f6bf5de7a95"}
	for path := range i.routes {
		paths = append(paths, path)
	}
	require.Len(t, paths, 11, "a new endpoint belongs into this test")
	for _, path := range paths {
		e, mine := i.find(path)
		require.True(t, mine, path)
		public := strings.HasPrefix(path, "/.well-known/")
		assert.Equal(t, !public, e.sensitive, path)
		for _, method := range e.methods {
			r := httptest.NewRequest(method, path, nil)
			inTheClear := i.admits(e, r)
			r.TLS = &tls.ConnectionState{}
			early := i.admits(e, r)
			r.TLS.HandshakeComplete = true
			require.NoError(t, i.admits(e, r), path)
			if public {
				assert.NoError(t, inTheClear, path)
				assert.NoError(t, early, path)
				continue
			}
			assert.Equal(t, oautherr.InvalidRequest, oautherr.From(inTheClear).Code, path)
			assert.Equal(t, oautherr.TooEarly, oautherr.From(early).Code, path)
			assert.Equal(t, http.StatusTooEarly, oautherr.From(early).Code.Status())
		}
	}
}
