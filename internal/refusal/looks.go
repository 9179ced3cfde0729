package refusal

import (
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
)

// look is how a class of reasons appears on the wire.
type look struct {
	status int
	code   oautherr.Code
	// action is the Enhanced Error Codes' word for what the client can do.
	action string
	// challenge is the error code of the WWW-Authenticate header, which every
	// 401 and 403 carries, and a 400 where the token is the trouble.
	challenge oautherr.Code
}

// The actions of Adobe's Enhanced Error Codes that a gateway has use for.
const (
	none          = "none"
	configuration = "configuration"
	registration  = "application-registration"
	retry         = "retry"
)

// The codes that Adobe lists for them, and one of ours, named like the others:
// for a token that is absent or not valid Adobe's documents have no code.
const (
	invalidClientApplication oautherr.Code = "invalid_access_token_client_application"
	invalidServiceProvider   oautherr.Code = "invalid_access_token_service_provider"
	internalServerError      oautherr.Code = "internal_server_error"
	invalidAccessToken       oautherr.Code = "invalid_access_token"
)

// plain is what the management APIs and the SDKs are told.
var plain = map[guard.Class]look{
	guard.Fault:       {status: http.StatusServiceUnavailable, code: oautherr.TemporarilyUnavailable},
	guard.BadRequest:  {status: http.StatusBadRequest, code: oautherr.InvalidRequest},
	guard.BadToken:    {status: http.StatusBadRequest, code: oautherr.InvalidRequest, challenge: oautherr.InvalidRequest},
	guard.NoRoute:     {status: http.StatusNotFound, code: oautherr.NotFound},
	guard.NoMethod:    {status: http.StatusMethodNotAllowed, code: oautherr.MethodNotAllowed},
	guard.NoAddress:   {status: http.StatusUnauthorized, code: oautherr.AccessDenied},
	guard.TooMany:     {status: http.StatusTooManyRequests, code: oautherr.TooManyRequests},
	guard.NoToken:     {status: http.StatusUnauthorized, code: oautherr.AccessDenied},
	guard.DeadToken:   {status: http.StatusUnauthorized, code: oautherr.AccessDenied, challenge: oautherr.InvalidToken},
	guard.Register:    {status: http.StatusForbidden, code: oautherr.InvalidClient, challenge: oautherr.InvalidToken},
	guard.NoScope:     {status: http.StatusForbidden, code: oautherr.InsufficientScope, challenge: oautherr.InsufficientScope},
	guard.NoParameter: {status: http.StatusBadRequest, code: oautherr.InvalidRequest},
	guard.NotEntitled: {status: http.StatusForbidden, code: oautherr.AccessDenied, challenge: oautherr.InsufficientScope},
}

// enhanced is what the REST APIs are told.
var enhanced = map[guard.Class]look{
	guard.Fault:       {status: http.StatusServiceUnavailable, code: internalServerError, action: retry},
	guard.BadRequest:  {status: http.StatusBadRequest, code: oautherr.InvalidRequest, action: none},
	guard.BadToken:    {status: http.StatusBadRequest, code: oautherr.InvalidRequest, action: none, challenge: oautherr.InvalidRequest},
	guard.NoRoute:     {status: http.StatusNotFound, code: oautherr.NotFound, action: none},
	guard.NoMethod:    {status: http.StatusMethodNotAllowed, code: oautherr.MethodNotAllowed, action: none},
	guard.NoAddress:   {status: http.StatusUnauthorized, code: oautherr.AccessDenied, action: configuration},
	guard.TooMany:     {status: http.StatusTooManyRequests, code: oautherr.TooManyRequests, action: retry},
	guard.NoToken:     {status: http.StatusUnauthorized, code: invalidAccessToken, action: registration},
	guard.DeadToken:   {status: http.StatusUnauthorized, code: invalidAccessToken, action: registration, challenge: oautherr.InvalidToken},
	guard.Register:    {status: http.StatusUnauthorized, code: invalidClientApplication, action: registration, challenge: oautherr.InvalidToken},
	guard.NoScope:     {status: http.StatusForbidden, code: oautherr.InsufficientScope, action: configuration, challenge: oautherr.InsufficientScope},
	guard.NoParameter: {status: http.StatusBadRequest, code: oautherr.InvalidRequest, action: none},
	guard.NotEntitled: {status: http.StatusUnauthorized, code: invalidServiceProvider, action: registration, challenge: oautherr.InvalidToken},
}

// lookOf falls back to our own fault: also for a request that was allowed, for
// which nobody should have come here.
func lookOf(looks map[guard.Class]look, class guard.Class) look {
	if found, ok := looks[class]; ok {
		return found
	}
	return looks[guard.Fault]
}
