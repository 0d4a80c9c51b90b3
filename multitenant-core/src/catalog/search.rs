/// The pattern for `LIKE … ESCAPE '!'` of texts that contain this one, in lower case.
pub(crate) fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.to_lowercase().chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::containing;

    #[test]
    fn a_search_is_taken_literally() {
        assert_eq!(containing("50%_Off!"), "%50!%!_off!!%");
        assert_eq!(containing(""), "%%");
    }
}
