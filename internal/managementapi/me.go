package managementapi

// Me is who the caller is, as the gateway sees it.
type Me struct {
	Name string `json:"name"`
	// Method is how the caller was authenticated.
	Method string `json:"method"`
	// Roles are all that the caller has.
	Roles []Role `json:"roles"`
}

// Role is one role at its place.
type Role struct {
	// Role is operator, programmer_admin, channel_admin or read_only.
	Role       string `json:"role"`
	Programmer string `json:"programmer,omitempty"`
	Channel    string `json:"channel,omitempty"`
}

func showMe(c *call) (answer, error) {
	view := Me{Name: c.who.Name, Method: c.who.Method, Roles: []Role{}}
	for _, g := range c.who.Grants {
		view.Roles = append(view.Roles, Role{string(g.Role), g.Programmer, g.Channel})
	}
	return answer{body: view}, nil
}
