/// Lets `?` turn these errors into a [`Problem`](crate::Problem), where what is told is written of a
/// reference.
macro_rules! problem_by_value {
    ($($error:ty),+) => {
        $(impl From<$error> for $crate::Problem {
            fn from(error: $error) -> Self {
                (&error).into()
            }
        })+
    };
}
pub(crate) use problem_by_value;
