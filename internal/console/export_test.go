package console

// Routes are the method and the path of every route.
func Routes() [][2]string {
	all := make([][2]string, len(routes))
	for i, r := range routes {
		all[i] = [2]string{r.method, r.path}
	}
	return all
}

// Notices are the codes of all that a page can be told.
func Notices() []string {
	var all []string
	for code := range notices {
		all = append(all, string(code))
	}
	return all
}
