package registration

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/hex"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

// theKey is always the same, so that golden files can hold it.
var theKey = func() *jws.Key {
	// The base point of P-256, which is the public key of the private key 1.
	point, err := hex.DecodeString("04" +
		"6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" +
		"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
	if err != nil {
		panic(err)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		panic(err)
	}
	key, err := jws.NewKey("k1", jws.ES256, public)
	if err != nil {
		panic(err)
	}
	return key
}()

const theJWK = `{"kty":"EC","kid":"k1","crv":"P-256","x":"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY","y":"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}`

// asks is a request of the standards profile with members beside the statement.
func asks(t *testing.T, members string) (Request, error) {
	t.Helper()
	return ReadRequest(request("application/json", `{"software_statement":"good"`+members+`}`), wire.Standard)
}

func TestTheStandardsProfileHeedsWhatAClientMayAskFor(t *testing.T) {
	for name, c := range map[string]struct {
		members string
		want    Metadata
	}{
		"nothing":                                {``, Metadata{AuthMethod: SecretBasic}},
		"its secret in the header":               {`,"token_endpoint_auth_method":"client_secret_basic"`, Metadata{AuthMethod: SecretBasic}},
		"its secret in the body":                 {`,"token_endpoint_auth_method":"client_secret_post"`, Metadata{AuthMethod: SecretPost}},
		"the grant that there is":                {`,"grant_types":["client_credentials"]`, Metadata{AuthMethod: SecretBasic}},
		"the grant that there is, among others":  {`,"grant_types":["refresh_token","client_credentials"]`, Metadata{AuthMethod: SecretBasic}},
		"a key":                                  {`,"token_endpoint_auth_method":"private_key_jwt","jwks":{"keys":[` + theJWK + `]}`, Metadata{AuthMethod: PrivateKeyJWT, Keys: []*jws.Key{theKey}}},
		"a secret, and keys that nobody needs":   {`,"jwks":{"keys":[` + theJWK + `]}`, Metadata{AuthMethod: SecretBasic}},
		"an id, a secret, scopes of its choice":  {`,"client_id":"mine","client_secret":"mine","scope":"everything","response_types":["code"]`, Metadata{AuthMethod: SecretBasic}},
		"addresses that are never fetched":       {`,"client_uri":"http://127.0.0.1/","logo_uri":"http://127.0.0.1/","tos_uri":"file:///etc/passwd"`, Metadata{AuthMethod: SecretBasic}},
		"what a statement says, and this is not": {`,"software_id":"x","client_name":"x","client_name#de":"y","contacts":["a@b"]`, Metadata{AuthMethod: SecretBasic}},
	} {
		t.Run(name, func(t *testing.T) {
			q, err := asks(t, c.members)
			require.NoError(t, err)
			assert.Equal(t, c.want, q.Metadata)

			// In the Adobe-compatible profile none of it counts.
			q, err = ReadRequest(request("application/json", `{"software_statement":"good"`+c.members+`}`), wire.Adobe)
			require.NoError(t, err)
			assert.Zero(t, q.Metadata)
		})
	}
}

func TestTheStandardsProfileRefusesWhatItCannotGrant(t *testing.T) {
	const keyed = `,"token_endpoint_auth_method":"private_key_jwt"`
	for name, c := range map[string]struct {
		members string
		code    oautherr.Code
		outcome Outcome
	}{
		"a public client":                  {`,"token_endpoint_auth_method":"none"`, oautherr.InvalidClientMetadata, MetadataRefused},
		"a certificate":                    {`,"token_endpoint_auth_method":"tls_client_auth"`, oautherr.InvalidClientMetadata, MetadataRefused},
		"an HMAC of the secret":            {`,"token_endpoint_auth_method":"client_secret_jwt"`, oautherr.InvalidClientMetadata, MetadataRefused},
		"a method without a name":          {`,"token_endpoint_auth_method":""`, oautherr.InvalidClientMetadata, MetadataRefused},
		"other grants alone":               {`,"grant_types":["authorization_code","refresh_token"]`, oautherr.InvalidClientMetadata, MetadataRefused},
		"no grant":                         {`,"grant_types":[]`, oautherr.InvalidClientMetadata, MetadataRefused},
		"keys at an address":               {keyed + `,"jwks_uri":"http://127.0.0.1/jwks"`, oautherr.InvalidClientMetadata, MetadataRefused},
		"keys at an address, and a secret": {`,"jwks_uri":"https://example.com/jwks"`, oautherr.InvalidClientMetadata, MetadataRefused},
		"keys here and at an address":      {keyed + `,"jwks":{"keys":[` + theJWK + `]},"jwks_uri":"https://example.com/jwks"`, oautherr.InvalidClientMetadata, MetadataRefused},
		"an address that is null":          {`,"jwks_uri":null`, oautherr.InvalidClientMetadata, MetadataRefused},
		"assertions without a key":         {keyed, oautherr.InvalidClientMetadata, MetadataRefused},
		"a set without keys":               {keyed + `,"jwks":{"keys":[]}`, oautherr.InvalidClientMetadata, MetadataRefused},
		"a set that is none":               {keyed + `,"jwks":{}`, oautherr.InvalidClientMetadata, MetadataRefused},
		"a private key":                    {keyed + `,"jwks":{"keys":[` + strings.Replace(theJWK, "{", `{"d":"AAAA",`, 1) + `]}`, oautherr.InvalidClientMetadata, MetadataRefused},
		"a shared secret":                  {keyed + `,"jwks":{"keys":[{"kty":"oct","k":"AAAA"}]}`, oautherr.InvalidClientMetadata, MetadataRefused},
		"a weak key":                       {keyed + `,"jwks":{"keys":[{"kty":"RSA","e":"AQAB","n":"` + strings.Repeat("_", 171) + `"}]}`, oautherr.InvalidClientMetadata, MetadataRefused},

		"a method of another type": {`,"token_endpoint_auth_method":null`, oautherr.InvalidRequest, RequestInvalid},
		"grants of another type":   {`,"grant_types":"client_credentials"`, oautherr.InvalidRequest, RequestInvalid},
		"keys of another type":     {keyed + `,"jwks":[` + theJWK + `]`, oautherr.InvalidRequest, RequestInvalid},
		"a member twice":           {keyed + `,"jwks":{"keys":[],"keys":[]}`, oautherr.InvalidRequest, RequestInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			q, err := asks(t, c.members)
			require.Error(t, err)
			assert.Zero(t, q)
			assert.Equal(t, c.code, oautherr.From(err).Code)
			assert.Equal(t, c.outcome, OutcomeOf(err))
		})
	}
}

func TestAClientWithAKeyGetsNoSecret(t *testing.T) {
	w, s := newWorld()
	q, err := asks(t, `,"token_endpoint_auth_method":"private_key_jwt","jwks":{"keys":[`+theJWK+`]}`)
	require.NoError(t, err)
	r, err := s.Register(context.Background(), q)
	require.NoError(t, err)
	assert.Empty(t, r.Response.ClientSecret)
	assert.Nil(t, r.Response.ClientSecretExpiresAt)
	require.Len(t, w.stored, 1)
	assert.Nil(t, w.stored[0].SecretMAC)
	stored, err := w.stored[0].PublicKeys()
	require.NoError(t, err)
	assert.Equal(t, []*jws.Key{theKey}, stored)
	golden(t, "standard_key", r)
}

func TestAClientOfTheStandardsProfileMayManageItsRegistration(t *testing.T) {
	w, s := newWorld()
	q, err := asks(t, `,"token_endpoint_auth_method":"client_secret_post"`)
	require.NoError(t, err)
	q.ManagedAt = issuer + "/oauth2/register/"
	r, err := s.Register(context.Background(), q)
	require.NoError(t, err)
	assert.Equal(t, issuer+"/oauth2/register/"+r.Response.ClientID, r.Response.RegistrationClientURI)
	assert.True(t, keys.CheckRegistration(r.Response.RegistrationAccessToken, w.stored[0].ID[:]))
	assert.True(t, keys.Check(3, w.stored[0].SecretMAC, secret.ClientSecret, w.stored[0].ID[:], []byte(theSecret)))
	assert.NotContains(t, r.Response.String(), r.Response.RegistrationAccessToken)
	r.Response.RegistrationAccessToken = "TOKEN" // it depends on the id
	golden(t, "standard_managed", r)
}

// golden compares the answer with a file, but for the id.
func golden(t *testing.T, name string, r Registration) {
	t.Helper()
	answer := httptest.NewRecorder()
	r.Write(answer, wire.Standard)
	want, err := os.ReadFile("testdata/" + name + ".json")
	require.NoError(t, err)
	assert.Equal(t, strings.TrimSpace(string(want)), strings.ReplaceAll(answer.Body.String(), r.Response.ClientID, "CLIENT_ID"))
}
