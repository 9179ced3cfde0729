package access

// Surface is the door by which somebody came in. The set is closed.
type Surface string

const (
	// AdminEndpoint is Caddy's admin endpoint, which trusts whoever reaches it.
	AdminEndpoint Surface = "admin"
	// CLI is `caddy dcr`, which comes by the admin endpoint and says so.
	CLI Surface = "cli"
	// API is the REST management API of a site.
	API Surface = "api"
	// Console is the web console of a site.
	Console Surface = "console"
)

// Surfaces lists every surface.
var Surfaces = []Surface{AdminEndpoint, CLI, API, Console}

// Actor is who asks for something, as others have established it. The zero
// Actor has no role, and so no access.
type Actor struct {
	// Name is who it is, in the words of whoever authenticated it.
	Name string
	// Method is how it was authenticated, such as "http_basic".
	Method string
	// Surface and Address are where it came in, and from where.
	Surface Surface
	Address string
	// Grants are its roles. It may do what any one of them lets it do.
	Grants []Grant
}

// Trusted is whoever reached Caddy's admin endpoint: an operator, by the name
// that it gives itself.
func Trusted(name string, surface Surface, address string) Actor {
	return Actor{
		Name: name, Method: "admin_endpoint", Surface: surface, Address: address,
		Grants: []Grant{{Role: Operator}},
	}
}
