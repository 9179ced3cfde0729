package oauth

import (
	"fmt"
	"net/http"
	"net/netip"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

// AuthMethod is how a client authenticated, by the names of RFC 7591 section
// 2. The set is closed: it is a metric's label.
type AuthMethod string

const (
	// ByBasic is HTTP Basic.
	ByBasic AuthMethod = "client_secret_basic"
	// ByPost is client_id and client_secret in the body.
	ByPost AuthMethod = "client_secret_post"
	// ByQuery is client_id and client_secret in the query; the RFCs have no
	// name for it, since they forbid it.
	ByQuery AuthMethod = "client_secret_query"
	// ByAssertion is a JWT that the client signed.
	ByAssertion AuthMethod = "private_key_jwt"
)

// AuthMethods lists the closed set.
var AuthMethods = []AuthMethod{ByBasic, ByPost, ByQuery, ByAssertion}

// Credentials are how the sender of a request says who it is. Nothing of it is
// believed yet.
type Credentials struct {
	// ClientID is empty where an assertion alone says it.
	ClientID string
	Method   AuthMethod
	// Address is where the request came from, as far as trusted proxies say;
	// whoever reads the request fills it in.
	Address netip.Addr

	secret, assertion string
}

// String keeps the secrets out of whatever prints the credentials.
func (c Credentials) String() string { return fmt.Sprintf("credentials of client %q", c.ClientID) }

// GoString does so for %#v.
func (c Credentials) GoString() string { return c.String() }

// readCredentials finds the one way in which the client authenticates. RFC
// 6749 section 2.3: "The client MUST NOT use more than one authentication
// method in each request." Missing credentials are invalid_request and not
// invalid_client, which would tell a device to register again, but where no
// device calls.
func readCredentials(header http.Header, p wire.Profile, found, query parameters) (Credentials, error) {
	basic, err := basicCredentials(header)
	if err != nil {
		return Credentials{}, err
	}
	switch {
	case basic != nil && (found[pClientSecret] != "" || found[pAssertion] != ""),
		found[pClientSecret] != "" && found[pAssertion] != "":
		return Credentials{}, invalid("more than one way of client authentication")
	case found[pAssertion] != "" || found[pAssertionType] != "":
		return readAssertion(found, query)
	case basic != nil:
		if found[pClientID] != "" && found[pClientID] != basic.id {
			return Credentials{}, invalid("client_id differs from the one of HTTP Basic")
		}
		return Credentials{ClientID: basic.id, secret: basic.secret, Method: ByBasic}, nil
	case p.AlwaysUnauthorized && found[pClientSecret] == "":
		return Credentials{}, oautherr.New(oautherr.InvalidClient, "credentials are missing")
	case found[pClientID] == "":
		return Credentials{}, invalid("client_id is missing")
	case found[pClientSecret] == "":
		return Credentials{}, invalid("client_secret is missing")
	}
	c := Credentials{ClientID: found[pClientID], secret: found[pClientSecret], Method: ByPost}
	if query[pClientSecret] != "" {
		c.Method = ByQuery
	}
	return c, nil
}

// readAssertion is for RFC 7521 section 4.2. The query is no place for an
// assertion in any profile: nobody is known to send it there.
func readAssertion(found, query parameters) (Credentials, error) {
	switch {
	case query[pAssertion] != "" || query[pAssertionType] != "":
		return Credentials{}, invalid("client_assertion must be in the body, not in the query")
	case found[pAssertion] == "":
		return Credentials{}, invalid("client_assertion is missing")
	case found[pAssertionType] == "":
		return Credentials{}, invalid("client_assertion_type is missing")
	case found[pAssertionType] != jwtBearer:
		return Credentials{}, oautherr.New(oautherr.InvalidClient, "client_assertion_type must be "+jwtBearer)
	}
	return Credentials{ClientID: found[pClientID], assertion: found[pAssertion], Method: ByAssertion}, nil
}
