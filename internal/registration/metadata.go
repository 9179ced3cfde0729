package registration

import (
	"slices"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/strictjson"
)

// The ways of client authentication that a client can register for (RFC 7591
// section 2, RFC 7523 section 2.2).
const (
	SecretBasic   = "client_secret_basic"
	SecretPost    = "client_secret_post"
	PrivateKeyJWT = "private_key_jwt"
)

// AuthMethods lists them, the default first.
var AuthMethods = []string{SecretBasic, SecretPost, PrivateKeyJWT}

// grantType is the only one that there is.
const grantType = "client_credentials"

// Metadata is what a client may say about itself, beside what its statement
// says.
type Metadata struct {
	// AuthMethod is one of AuthMethods; empty is the default. A client with a
	// secret may send it in either way, whichever it says here.
	AuthMethod string
	// Keys are given with PrivateKeyJWT, and only then.
	Keys []*jws.Key
}

// readMetadata reads the client's wishes. One that the gateway could only
// ignore, and the client would then not work, is refused (RFC 7591 section
// 3.2.2); one that has a value to put in its place gets that (section 3.2.1).
func readMetadata(object strictjson.Object) (Metadata, error) {
	m := Metadata{AuthMethod: SecretBasic}
	method, given, err := object.String("token_endpoint_auth_method")
	if err != nil {
		return Metadata{}, invalid("token_endpoint_auth_method must be a string")
	}
	if given {
		m.AuthMethod = method
	}
	if !slices.Contains(AuthMethods, m.AuthMethod) {
		return Metadata{}, refusedMetadata("token_endpoint_auth_method must be client_secret_basic, client_secret_post or private_key_jwt")
	}
	grants, given, err := object.Strings("grant_types")
	if err != nil {
		return Metadata{}, invalid("grant_types must be an array of strings")
	}
	if given && !slices.Contains(grants, grantType) {
		return Metadata{}, refusedMetadata("grant_types must include client_credentials, or be left out")
	}
	if object.Has("jwks_uri") {
		// Nothing that a client names is ever fetched.
		return Metadata{}, refusedMetadata("jwks_uri is not supported: send the keys themselves, as jwks")
	}
	if m.AuthMethod == PrivateKeyJWT {
		m.Keys, err = readKeys(object)
	}
	return m, err
}

func readKeys(object strictjson.Object) ([]*jws.Key, error) {
	set, given, err := object.Object("jwks")
	switch {
	case err != nil:
		return nil, invalid("jwks must be an object")
	case !given:
		return nil, refusedMetadata("private_key_jwt needs jwks")
	}
	keys, err := jws.KeysOfClient(set)
	if err != nil {
		return nil, refusedMetadata("jwks: " + err.Error())
	}
	return keys, nil
}

func refusedMetadata(description string) error {
	return oautherr.New(oautherr.InvalidClientMetadata, description)
}
