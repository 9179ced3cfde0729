package metadata

import (
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// Resource is the metadata of a protected resource, by RFC 9728 section 2.
type Resource struct {
	Resource             string   `json:"resource"`
	AuthorizationServers []string `json:"authorization_servers"`
	ScopesSupported      []string `json:"scopes_supported,omitempty"`
	BearerMethods        []string `json:"bearer_methods_supported"`
	Name                 string   `json:"resource_name,omitempty"`
}

// OfResource describes the API at an address, for which the server of that
// name gives out tokens.
func OfResource(address, server string, api plugins.API) Resource {
	methods := []string{"header"}
	if api.QueryToken != "" {
		methods = append(methods, "query")
	}
	var scopes []string
	for _, route := range api.Routes {
		scopes = append(scopes, route.Scopes...)
	}
	return Resource{
		Resource: address, AuthorizationServers: []string{server}, ScopesSupported: Scopes(scopes),
		BearerMethods: methods, Name: api.Title,
	}
}

// Scopes puts scopes in order, each once.
func Scopes(scopes []string) []string {
	slices.Sort(scopes)
	return slices.Compact(scopes)
}

// OfPrefix is the path of the resource that lies under a prefix, which an
// address has without the slash at its end.
func OfPrefix(prefix string) string { return strings.TrimSuffix(prefix, "/") }
