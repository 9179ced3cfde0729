package managementapi

import "net/http"

// me is who the caller is, as the gateway sees it.
type me struct {
	Name string `json:"name"`
	// Method is how it was authenticated.
	Method string `json:"method"`
	Roles  []role `json:"roles"`
}

// role is one role at its place.
type role struct {
	Role       string `json:"role"`
	Programmer string `json:"programmer,omitempty"`
	Channel    string `json:"channel,omitempty"`
}

func showMe(c *call) (answer, error) {
	view := me{Name: c.who.Name, Method: c.who.Method, Roles: []role{}}
	for _, g := range c.who.Grants {
		view.Roles = append(view.Roles, role{string(g.Role), g.Programmer, g.Channel})
	}
	return answer{status: http.StatusOK, body: view}, nil
}
