// An effect that can be heard from outside: a request to `url`, which says in which life of the code it was made, and as which.

const life = crypto.randomUUID();
let made = 0;

export async function hear({ url }, what) {
  const response = await fetch(`${url}/${what}?life=${life}&n=${++made}`);
  return response.text();
}
